"""The wording of the sample catalogue: one small grammar per category, and what all of them share.

A template's {slots} are filled from the category's own lists, then from the shared ones, and may nest. Habits
of sellers are included on purpose: synonyms, texts that never name the product, mentions of other products, units
written in three ways, HTML, capitals and typos.
"""

import re
from dataclasses import dataclass, field
from random import Random

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (42, 42, 46),
    "white": (236, 234, 228),
    "grey": (128, 132, 138),
    "navy": (38, 54, 96),
    "sky blue": (112, 168, 208),
    "teal": (34, 124, 126),
    "green": (66, 122, 78),
    "olive": (112, 114, 66),
    "mustard": (212, 164, 52),
    "orange": (220, 118, 50),
    "red": (184, 46, 48),
    "burgundy": (112, 32, 50),
    "pink": (226, 154, 168),
    "lilac": (164, 142, 194),
    "tan": (188, 138, 92),
    "brown": (106, 70, 48),
    "cream": (232, 218, 190),
}

BRANDS = (
    "Aldra", "Brightwell", "Corvane", "Dunmore", "Elsted", "Fennick", "Harrow & Lane", "Ivelle", "Kestrel", "Lumio",
    "Marlowe", "Norvik", "Oakhurst", "Pallas", "Quillon", "Rosedene", "Saltmarsh", "Tarn", "Velora", "Westbury",
)  # fmt: skip

SHARED: dict[str, tuple[str, ...]] = {
    "adjective": (
        "classic", "modern", "everyday", "premium", "handy", "minimal", "vintage-style", "timeless", "compact", "bold",
        "lightweight", "elegant", "rustic", "playful", "sturdy",
    ),
    "person": ("him", "her", "a friend", "the new graduate", "your mother", "a colleague", "the host", "a teacher"),
    "day": ("birthday", "wedding", "house-warming", "Christmas", "anniversary", "Father's Day", "leaving party"),
    "room": ("bedroom", "hallway", "kitchen", "living room", "home office", "guest room", "study"),
    "place": ("the office", "college", "the weekend market", "the seaside", "the gym", "the allotment"),
    "boilerplate": (
        "Free delivery on orders over £30 and 30-day returns.",
        "A lovely gift for {person}, whether for a {day} or just because.",
        "Shop the whole {brand} collection for more great deals.",
        "Designed in our London studio, made to last.",
        "Actual colour may differ slightly from the picture because of photographic lighting.",
        "Comes in a {brand} gift box.",
        "Backed by a {years} year warranty.",
        "Buy {adjective} {colour} products online at the best price.",
        "100% genuine products, cash on delivery available.",
        "Please note: props in the picture are not included.",
        "Quality you can see, at a price you will like.",
        "Pack of 1. Sold by {brand}. Dispatched within 24 hours.",
        "Made from responsibly sourced materials, packed without plastic.",
        "Customers who bought this also liked our {other}.",
        "Rated 4.{years} stars by our customers; order before noon for next-day dispatch.",
        "A {adjective} piece that earns its place in the {room}.",
        "The perfect {day} present for {person}: {adjective}, useful and nicely packed.",
        "Solid {material}, careful finish, honest price.",
        "{brand} has made things for the home and for the road since 1974.",
        "Wipe clean with a soft, damp cloth.",
        "Measures {size}; please check the dimensions before you order.",
        "Available in several colours: {colour} shown here, see also {other}.",
        "Small business, hand packed, posted from Leeds.",
        "As seen in the spring {other} catalogue.",
    ),
    "years": ("1", "2", "3", "5", "7"),
    "other": (
        "mugs", "vases", "table lamps", "wall clocks", "watches", "umbrellas", "scarves", "cushions",
        "picture frames", "throws",
    ),
    "mention": (
        "Looks at home on a shelf between a vase and a clock.",
        "Pairs well with our {colour} {other}.",
        "Leaves room on the desk for a lamp and a mug of tea.",
        "Matches the {brand} {other} in the same {colour}.",
        "Photographed with a handbag and a watch that are sold separately.",
        "Keep it by the bedside lamp or next to the clock.",
    ),
    "spec": (
        "Colour: {colour}. Material: {material}. Size: {size}.",
        "Key features: {material}, {size}, {colour}",
        "Specifications of {brand} {model}: Brand {brand} | Colour {colour} | Material {material} | Size {size}",
        "{size}. {material}. {colour}.",
        "<ul><li>{material}</li><li>{size}</li><li>Colour {colour}</li></ul>",
    ),
    "terse": (
        "{colour}, {size}.", "{material}, {colour}. New.", "See picture. {size}.",
        "{adjective} design in {colour}. {spec}", "As new, {colour} {thing}.",
    ),
    "name": (
        "{brand} {thing} {colour}", "{brand} {model} {adjective} {thing}", "{colour} {thing} by {brand}",
        "{adjective} {thing} in {colour} {material}", "{brand} {material} {thing} ({size})",
        "{brand} {thing}, {colour}, {size}",
    ),
    "bare_name": ("{brand} {model} {colour}", "{brand} {model} {material} {size}", "{brand} '{model}' in {colour}"),
    "model": (
        "Aria", "Bergen", "Calla", "Dalton", "Ember", "Fjord", "Gale", "Hollis", "Juno", "Lark", "Mira", "Nova 2",
        "Orla", "Piper", "Rowan", "Sage", "Tilda", "Wren", "X200", "K-41", "No. 7", "Studio",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """The words of a category: `sub_types` maps each sub-type to its names, `slots` fill the `sentences`.

    A description has one of `own` of the `sentences`, and one of `extra` that every category has.
    """

    sub_types: dict[str, tuple[str, ...]]
    sentences: tuple[str, ...]
    price: tuple[int, int]
    slots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    own: tuple[int, ...] = (0, 1, 1, 2, 2, 2, 3)
    extra: tuple[int, ...] = (0, 1, 1, 2, 2, 3)


WORDING: dict[str, Wording] = {
    "Watches": Wording(
        {
            "analogue": ("watch", "wristwatch", "dress watch", "analogue watch", "timepiece"),
            "chronograph": ("chronograph", "sports watch", "chrono watch", "pilot's watch", "diver"),
            "digital": ("digital watch", "LCD watch", "sports timer", "wrist timer"),
            "smart": ("smartwatch", "fitness watch", "activity tracker", "wearable"),
            "pocket": ("pocket watch", "fob timepiece", "quartz timepiece on a chain"),
        },
        (
            "Quartz movement with a clear {colour} dial and {luminous} hands.",
            "The {material} strap closes with a {clasp} and fits wrists from 15 to 21 cm.",
            "Water resistant to {depth}, so rain and washing up are no trouble.",
            "A date window at three o'clock and a scratch-resistant mineral glass.",
            "Slips under a shirt cuff and goes from {place} to dinner.",
            "The screw-down crown and {size} case make it a dependable companion.",
            "Counts steps, pulse and sleep, and shows messages from your phone.",
            "Battery lasts about {years} years and can be replaced by any jeweller.",
            "Automatic movement visible through the case back.",
            "Keeps accurate time with Arabic numerals and a sweeping second hand.",
            "Stopwatch, alarm and light at the push of a button.",
            "For men and women who like to be on time.",
            "Wear it loose or tight: the band has seven holes.",
        ),
        (19, 240),
        {
            "material": ("stainless steel", "leather", "silicone", "mesh", "nylon", "resin"),
            "size": ("38 mm", "42mm", "1.6 in", "40 mm case", "36 mm"),
            "luminous": ("luminous", "slim baton", "blued", "skeleton"),
            "clasp": ("buckle", "folding clasp", "butterfly clasp"),
            "depth": ("30 m", "5 ATM", "100 metres"),
        },
    ),
    "Clocks": Wording(
        {
            "wall": ("wall clock", "clock", "kitchen clock", "station clock", "round timepiece"),
            "sunburst": ("sunburst clock", "starburst wall clock", "decorative clock"),
            "alarm": ("alarm clock", "bedside alarm", "twin bell alarm", "travel clock"),
            "pendulum": ("mantel clock", "pendulum clock", "regulator", "cuckoo-style clock"),
            "digital": ("digital clock", "LED alarm", "bedside display", "desk clock"),
            "strap": ("wrist-watch style wall clock", "strap clock", "giant watch for the wall"),
        },
        (
            "Silent quartz movement: no ticking to keep you awake.",
            "The {colour} dial with Arabic numerals can be read across the {room}.",
            "Hangs on a single nail; runs on one AA battery (not included).",
            "Rings twice as loud as your phone, with a snooze button on top.",
            "The {material} frame suits a {room} as well as a shop.",
            "Pendulum swings gently and the chime sounds on the hour.",
            "Shows time, date and room temperature in large figures.",
            "Domed glass front, {luminous} hands, {size} across.",
            "Keeps accurate time with a sweeping second hand.",
            "Stand it on a bedside table or take it on holiday.",
            "A focal point over the fireplace or the sofa.",
            "Never be late for school again.",
            "Wakes you softly, three brightness levels, USB powered.",
        ),
        (9, 120),
        {
            "material": ("wood", "metal", "walnut veneer", "ABS plastic", "brass", "bamboo"),
            "size": ("30 cm", "12 inch", "25cm diameter", "40 cm", "10 x 8 cm"),
            "luminous": ("luminous", "spade", "black", "slim baton"),
        },
    ),
    "Mugs": Wording(
        {
            "classic": ("mug", "coffee mug", "tea mug", "cup", "drinking mug"),
            "latte": ("cappuccino cup and saucer", "latte cup", "breakfast cup", "teacup"),
            "enamel": ("enamel mug", "camping mug", "tin cup"),
            "travel": ("travel mug", "tumbler", "insulated cup", "flask cup"),
            "beaker": ("handleless beaker", "stoneware tumbler", "tall ceramic cup"),
        },
        (
            "Holds {size} of {drink}, with room for milk.",
            "Thrown by hand in {material}, so no two are quite alike.",
            "Dishwasher and microwave safe.",
            "The comfortable handle stays cool while your {drink} stays hot.",
            "Reactive {colour} glaze, {finish} to the touch.",
            "Printed on both sides, and it will not fade.",
            "Double walled, with a spill-proof lid that fits most cup holders.",
            "Start the morning with a proper brew.",
            "Sturdy {material} with a wide base that does not tip.",
            "Good for {drink}, soup or pens on the desk.",
            "Wash before first use. Do not put on an open flame.",
            "Stackable, chip resistant, kind to small kitchens.",
            "Take it to {place} or up a hill.",
        ),
        (5, 32),
        {
            "material": ("stoneware", "porcelain", "bone china", "enamelled steel", "ceramic", "glass"),
            "size": ("350 ml", "12 oz", "0.4 l", "300ml", "11 fl oz"),
            "drink": ("coffee", "tea", "cocoa", "cappuccino", "espresso", "hot chocolate"),
            "finish": ("matt", "silky", "glossy", "speckled"),
        },
    ),
    "Vases": Wording(
        {
            "bottle": ("bottle vase", "vase", "single-stem vase", "decanter vase"),
            "amphora": ("vase", "urn", "floor vase", "amphora", "decorative vessel"),
            "cylinder": ("cylinder vase", "straight vase", "flower vase", "vase"),
            "bud": ("bud vase", "posy vase", "little vase", "round vase"),
            "jug": ("pitcher vase", "jug", "flower jug", "milk-jug vase"),
        },
        (
            "For fresh {flower} or a few dried stems.",
            "Watertight, with a narrow neck that holds a bouquet upright.",
            "Thrown by hand in {material}, so no two are quite alike.",
            "Reactive {colour} glaze, {finish} to the touch.",
            "Beautiful on its own or filled with {flower}.",
            "Stands {size} tall; felt pads protect the table.",
            "Rinse with warm water; not for the dishwasher.",
            "Sturdy {material} with a wide base that does not tip.",
            "The handle makes it easy to fill and pour.",
            "A centrepiece for the dining table or a window sill.",
            "Inspired by Mediterranean pottery, with two tiny ears at the shoulder.",
            "Brings a touch of spring to a {room}.",
            "Group three in different heights for effect.",
        ),
        (8, 90),
        {
            "material": ("stoneware", "porcelain", "terracotta", "ceramic", "glass", "earthenware"),
            "size": ("25 cm", "10 inch", "H 32cm", "18 cm", "40 cm"),
            "flower": ("tulips", "pampas grass", "roses", "eucalyptus", "peonies", "wild flowers"),
            "finish": ("matt", "silky", "glossy", "speckled"),
        },
    ),
    "Backpacks": Wording(
        {
            "daypack": ("backpack", "daypack", "rucksack", "laptop backpack", "knapsack"),
            "school": ("school bag", "kids' backpack", "bookbag", "college rucksack"),
            "rolltop": ("roll-top backpack", "roll top pack", "courier backpack", "cycling rucksack"),
            "hiking": ("hiking backpack", "trekking pack", "mountain rucksack", "trail pack"),
            "convertible": ("convertible tote backpack", "two-way bag", "fashion bag with straps"),
        },
        (
            "Padded sleeve for a laptop of up to {screen}.",
            "Wide shoulder straps and a breathable back panel spread the load.",
            "Holds {size}: books, lunch and a jacket.",
            "Two side pockets take a water bottle or an umbrella.",
            "Water-repellent {material} keeps your things dry on the way to {place}.",
            "Chest strap, hip belt and a rain cover in the base.",
            "Front pocket with a key clip and room for a phone.",
            "Strong zips and a top handle.",
            "Wear it on both shoulders or carry it in the hand.",
            "Roll the top down to close it, unroll for shopping.",
            "Light as a feather at under 600 g.",
            "From the classroom to the campsite.",
            "Lined main compartment, inside zip pocket and adjustable straps.",
        ),
        (18, 130),
        {
            "material": ("polyester", "canvas", "nylon", "recycled ripstop", "vegan leather", "waxed cotton"),
            "size": ("20 L", "25 litres", "18l", "30 L", "45 x 30 x 15 cm"),
            "screen": ("13 inches", '15.6"', "14 in"),
        },
    ),
    "Handbags": Wording(
        {
            "tote": ("tote bag", "shopper", "tote", "shoulder handbag", "handbag"),
            "satchel": ("satchel", "handbag", "work bag", "top-handle bag"),
            "clutch": ("clutch", "evening bag", "envelope purse", "party purse"),
            "crossbody": ("crossbody purse", "sling purse", "crossbody bag", "small handbag"),
            "bucket": ("bucket bag", "drawstring purse", "hobo handbag"),
            "sling": ("mini backpack purse", "small fashion rucksack", "bag with shoulder straps"),
        },
        (
            "Soft {material} with {metal} hardware.",
            "Magnetic closure, lined main compartment, inside zip pocket.",
            "Room for a phone, purse, keys and lipstick.",
            "Wear it over the shoulder or carry it in the hand.",
            "The detachable strap is adjustable from 60 to 120 cm.",
            "Dress it up for the evening or take it to {place}.",
            "Two sturdy handles that fit over a winter coat.",
            "Big enough for a magazine and a silk scarf.",
            "Ages well: the {material} softens with use.",
            "Every woman needs one in {colour}.",
            "Stitched by hand, with metal feet underneath.",
            "A flap with a turn lock keeps things safe.",
            "A mirror pocket inside and a charm outside, {size}.",
        ),
        (15, 190),
        {
            "material": ("leather", "vegan leather", "suede", "canvas", "raffia", "quilted nylon"),
            "size": ("30 x 25 x 10 cm", "28cm wide", "11 inch", "medium", "small"),
            "metal": ("gold-tone", "silver", "brushed brass", "gunmetal"),
        },
    ),
    "Lamps": Wording(
        {
            "table": ("table lamp", "bedside lamp", "lamp", "side light"),
            "desk": ("desk lamp", "reading lamp", "task light", "architect lamp"),
            "floor": ("floor lamp", "standing lamp", "tripod lamp", "uplighter"),
            "mushroom": ("mushroom lamp", "mood light", "accent light", "night light"),
            "gourd": ("ceramic table lamp", "vase lamp", "pottery lamp base with shade"),
            "sunrise": ("sunrise light", "wake-up light", "alarm lamp"),
        },
        (
            "Casts a warm glow over the {room}.",
            "Takes one {bulb} bulb, max. 40 W (not included).",
            "The linen shade softens the light, and the {material} base gives it weight.",
            "Touch dimmer with three brightness levels.",
            "An adjustable arm puts the light where you read.",
            "In-line switch on a {cord} fabric cord.",
            "Stand it on a bedside table or in a dark corner.",
            "USB powered, with a timer that turns it off while you sleep.",
            "Energy class A, LED included, flicker free.",
            "{size} tall, with a stable round foot.",
            "Wakes you softly with a growing light.",
            "The {colour} glaze of the base catches the eye even when it is off.",
            "Wipe with a dry cloth. Let it cool before changing the bulb.",
        ),
        (12, 160),
        {
            "material": ("ceramic", "brass", "marble", "oak", "metal", "glass"),
            "size": ("45 cm", "18 inch", "150 cm", "H 38cm", "60 cm"),
            "bulb": ("E27", "E14", "GU10"),
            "cord": ("1.5 m", "2 metre", "6 ft"),
        },
    ),
}


def write(wording: Wording, sub_type: str, colour: str, brand: str, rng: Random) -> tuple[str, str]:
    """A name and a description of one product, drawn from its category's grammar.

    One title in twelve does not name the product; one description in eight is terse, one in five mentions others.
    KeyError for an unknown sub_type.
    """
    slots: dict[str, tuple[str, ...]] = {
        key: (rng.choice(values),) for key, values in wording.slots.items()
    }  # one size, one material a product
    slots |= {
        "colour": (colour,),
        "brand": (brand,),
        "thing": wording.sub_types[sub_type],
        "model": (rng.choice(wording.slots.get("model", SHARED["model"])),),
    }
    bare = rng.random() < 0.08
    name = expand("{bare_name}" if bare else "{name}", slots, rng)
    if rng.random() < 0.13:
        description = expand("{terse}", slots, rng)
    else:
        own = rng.sample(wording.sentences, rng.choice(wording.own))
        extra = rng.sample(SHARED["boilerplate"], max(rng.choice(wording.extra), not own))
        extra += rng.sample(SHARED["mention"], int(rng.random() < 0.2))
        extra += rng.sample(SHARED["spec"], int(rng.random() < 0.35))
        sentences = own + extra
        if rng.random() < 0.3:
            rng.shuffle(sentences)
        joint = rng.choices((" ", "<br>", "\n", " &bull; "), (88, 5, 4, 3))[0]
        description = joint.join(expand(sentence, slots, rng) for sentence in sentences)
    name = name.upper() if rng.random() < 0.05 else name[0].upper() + name[1:]
    description = description[0].upper() + description[1:]
    if rng.random() < 0.1:
        description = misspell(description, rng)
    return name, description


def expand(template: str, slots: dict[str, tuple[str, ...]], rng: Random) -> str:
    """Fill the {slots} of a template, again and again until none is left; KeyError for an unknown slot."""
    while "{" in template:
        template = re.sub(r"\{(\w+)\}", lambda m: rng.choice(slots.get(m[1]) or SHARED[m[1]]), template)
    return template


def misspell(text: str, rng: Random) -> str:
    """Swap two letters, or drop one, inside one or two longer words."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    for i in rng.sample(long, min(len(long), rng.choice((1, 2)))):
        at = rng.randrange(1, len(words[i]) - 2)
        middle = words[i][at + 1] + (words[i][at] if rng.random() < 0.6 else "")
        words[i] = words[i][:at] + middle + words[i][at + 2 :]
    return " ".join(words)


def reword(text: str, rng: Random) -> str:
    """Nearly the same text, as when a seller lists a product twice: a typo, one sentence less or one line more."""
    sentences = text.split(". ")
    if len(sentences) > 3:
        del sentences[rng.randrange(1, len(sentences) - 1)]
    return misspell(". ".join(sentences), rng) + " Limited stock, order today."
