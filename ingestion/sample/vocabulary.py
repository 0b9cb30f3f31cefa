"""The words of the made-up categories of a large sample: ranges of goods, types of goods in each, and uses.

A made-up category is a type for a use, as "Camping stools". The types of a range have sentences, materials, sizes and
loose names in common; each use has two adjectives, one of which another use has too. All other words are those of
`texts.SHARED`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goods:
    """A range of goods: `types` maps the plural of each type to its names and two sentences on it only."""

    types: dict[str, tuple[tuple[str, ...], tuple[str, str]]]
    loose: tuple[str, ...]
    """Names that fit every type of the range."""
    sentences: tuple[str, ...]
    materials: tuple[str, ...]
    sizes: tuple[str, ...]
    price: tuple[int, int]
    """Of the cheapest and of the dearest product."""
    drawn: str
    """The category of `texts.WORDING` whose shapes its images have."""


def lengths(low: int, high: int, step: int = 1) -> tuple[str, ...]:
    """Lengths in cm, in the three ways in which sellers write them."""
    return tuple(text for n in range(low, high, step) for text in (f"{n} cm", f"{n}cm", f"{n / 2.54:.1f} inch"))


def volumes(low: int, high: int, step: int) -> tuple[str, ...]:
    """Volumes in ml, in the three ways in which sellers write them."""
    return tuple(text for n in range(low, high, step) for text in (f"{n} ml", f"{n}ml", f"{n / 1000:g} l"))


CLOTHES = ("XS", "S", "M", "L", "XL", "size 8", "size 10", "size 12", "size 14", "one size", "38", "40", "42", "44")

GOODS: tuple[Goods, ...] = (
    Goods(
        {
            "stools": (("stool", "bar stool", "step stool"),
                       ("Three legs, so it never wobbles.", "Tucks under the table when it is not needed.")),
            "benches": (("bench", "settle", "two-seater"),
                        ("Room for three side by side.", "The slatted back follows the spine.")),
            "armchairs": (("armchair", "easy chair", "lounge chair"),
                          ("Deep cushions and wide arms.", "Sink in with a book and forget the time.")),
            "footrests": (("footrest", "pouffe", "ottoman"),
                          ("Put your feet up after a long day.", "The lid lifts for slippers and magazines.")),
        },
        ("seat", "perch"),
        ("Carries up to 120 kg on a {material} frame.", "Seat height {size}.", "Assembled in ten minutes.",
         "Felt pads protect the floor of the {room}.", "The {colour} cover zips off for washing."),
        ("oak", "beech", "rattan", "powder-coated steel", "velvet", "bouclé", "acacia", "linen"),
        lengths(35, 95, 5), (19, 420), "Handbags",
    ),
    Goods(
        {
            "baskets": (("basket", "hamper", "crate basket"),
                        ("Woven by hand with two carrying loops.", "For laundry, logs or toys.")),
            "boxes": (("box", "chest", "lidded crate"),
                      ("The lid clicks shut and keeps dust out.", "Stacks four high without slipping.")),
            "shelves": (("shelf", "ledge", "floating shelf"),
                        ("Fixed by two hidden brackets.", "Holds a row of paperbacks or spice jars.")),
            "racks": (("rack", "stand", "hook rail"),
                      ("Twelve hooks for coats and keys.", "Dries shoes from both ends.")),
        },
        ("organiser", "holder"),
        ("Brings order to the {room}.", "Measures {size} across.", "Folds flat when it is empty.",
         "Screws and wall plugs are included.", "The {material} is sealed against damp."),
        ("seagrass", "bamboo", "felt", "wire", "plywood", "recycled plastic", "willow", "pine"),
        lengths(20, 100, 4), (6, 110), "Backpacks",
    ),
    Goods(
        {
            "pans": (("pan", "frying pan", "skillet"),
                     ("Sears a steak, then slides an omelette out.", "The long handle stays cool.")),
            "pots": (("pot", "saucepan", "stockpot"),
                     ("Boils pasta for six.", "Pouring lips on both sides and a strainer lid.")),
            "kettles": (("kettle", "water boiler", "stovetop kettle"),
                        ("Whistles when the water boils.", "A limescale filter sits in the spout.")),
            "casseroles": (("casserole", "braising dish", "roaster"),
                           ("Goes from the hob into the oven and to the table.", "Slow cooking keeps the juices in.")),
        },
        ("cookware", "vessel"),
        ("Suitable for gas, electric and induction hobs.", "Holds {size}.", "Non-stick coating without PFOA.",
         "The {material} base spreads heat evenly.", "Dishwasher safe, but washing by hand keeps it new."),
        ("cast iron", "copper", "stainless steel", "aluminium", "carbon steel", "enamelled steel", "anodised alloy"),
        volumes(800, 6000, 250), (14, 220), "Mugs",
    ),
    Goods(
        {
            "plates": (("plate", "dinner plate", "side plate"),
                       ("A raised rim keeps the sauce on.", "Sized for a pizza or a Sunday roast.")),
            "bowls": (("bowl", "cereal bowl", "salad bowl"),
                      ("Deep enough for ramen or porridge.", "Nests with its two smaller sisters.")),
            "jugs": (("jug", "carafe", "pitcher"),
                     ("Pours without a drip.", "Keeps lemonade cold on the table.")),
            "trays": (("tray", "platter", "serving board"),
                      ("Handles at both ends for breakfast in bed.", "Serves cheese, cake or a pot of tea.")),
        },
        ("dish", "tableware"),
        ("Microwave and dishwasher safe.", "The {colour} glaze differs a little on each piece.",
         "Fired twice at 1,200 degrees.", "{size}, chip resistant.", "Lays a table for a {day} or a plain Monday."),
        ("stoneware", "porcelain", "melamine", "glass", "acacia wood", "earthenware", "bone china"),
        lengths(12, 42, 2), (4, 75), "Vases",
    ),
    Goods(
        {
            "knives": (("knife", "chef's knife", "paring knife"),
                       ("A full tang balances the blade in the hand.", "Slices tomatoes without squashing them.")),
            "scissors": (("scissors", "shears", "snips"),
                         ("Comes apart in the middle for cleaning.", "Cuts cardboard, herbs and ribbon.")),
            "graters": (("grater", "zester", "shredder"),
                        ("Four sides, from coarse to powder.", "Cheese, nutmeg and lemon peel in seconds.")),
            "peelers": (("peeler", "slicer", "corer"),
                        ("The swivel head follows every potato.", "Takes eyes out with its pointed tip.")),
        },
        ("blade", "cutter"),
        ("Stays sharp for years and can be ground again.", "The {material} grip does not slip when wet.",
         "{size} long, with a sheath.", "For right and left hands.", "Hand wash and dry at once."),
        ("Damascus steel", "stainless steel", "ceramic", "rosewood", "carbon steel", "soft rubber"),
        lengths(8, 32, 1), (5, 130), "Lamps",
    ),
    Goods(
        {
            "blankets": (("blanket", "throw", "coverlet"),
                         ("Fringed at both ends.", "Wrap it round your shoulders by the fire.")),
            "pillows": (("pillow", "cushion", "bolster"),
                        ("Supports the neck on the side or on the back.", "Plump it up each morning.")),
            "quilts": (("quilt", "duvet", "comforter"),
                       ("Stitched in squares so that the filling stays put.", "10.5 tog for cool nights.")),
            "mattress toppers": (("mattress topper", "mattress pad", "overlay"),
                                 ("Memory foam takes the pressure off hips.", "Elastic corners grip the mattress.")),
        },
        ("bedding", "bed layer"),
        ("Machine washable at 40 degrees.", "Filled with {material}.", "{size} wide, in {colour}.",
         "Kind to sensitive skin and tested for harmful substances.", "Makes the {room} warmer at once."),
        ("merino wool", "cotton", "goose down", "microfibre", "bamboo viscose", "muslin", "fleece", "cashmere"),
        lengths(40, 220, 10), (12, 260), "Handbags",
    ),
    Goods(
        {
            "towels": (("towel", "bath sheet", "hand towel"),
                       ("Thirsty loops, 600 g to the square metre.", "Dries in half the time and smells fresh.")),
            "curtains": (("curtain", "drape", "window panel"),
                         ("Blocks light and muffles the street.", "Eyelet heading, two panels in the pack.")),
            "rugs": (("rug", "runner", "floor mat"),
                     ("A non-slip backing holds it on tiles.", "Short pile that a vacuum cleaner likes.")),
            "tablecloths": (("tablecloth", "table linen", "table runner"),
                            ("Wine rolls off the coated surface.", "Falls 20 cm over each edge of the table.")),
        },
        ("cloth", "textile"),
        ("Woven from {material} in Portugal.", "Wash with like colours.", "{size} wide.",
         "Softer after each wash.", "A {colour} accent for the {room}."),
        ("cotton", "linen", "jute", "polyester", "velvet", "wool", "hemp", "organic cotton"),
        lengths(40, 260, 10), (6, 190), "Backpacks",
    ),
    Goods(
        {
            "caps": (("cap", "baseball cap", "snapback"),
                     ("A curved peak keeps glare out of the eyes.", "Six panels with stitched eyelets.")),
            "beanies": (("beanie", "knit hat", "bobble hat"),
                        ("Ribbed cuff and a pompom on top.", "Covers the ears on frosty mornings.")),
            "sun hats": (("sun hat", "wide-brim hat", "bucket hat"),
                         ("The wide brim shades face and neck, UPF 50.", "Rolls up without a crease.")),
            "headbands": (("headband", "hair band", "ear warmer"),
                          ("Keeps hair back on a run.", "Twisted at the front, elastic at the back.")),
        },
        ("hat", "headwear"),
        ("Fits a head of {size}.", "Breathable {material}.", "Goes with a coat as well as with a T-shirt.",
         "Hand wash cold.", "From {place} to the beach."),
        ("cotton twill", "acrylic", "merino wool", "straw", "fleece", "felt", "polyester"),
        lengths(50, 64, 1), (6, 60), "Mugs",
    ),
    Goods(
        {
            "shirts": (("shirt", "button-down", "blouse"),
                       ("Mother-of-pearl buttons and a stiff collar.", "Needs next to no ironing.")),
            "jumpers": (("jumper", "sweater", "pullover"),
                        ("Crew neck with ribbed hem and cuffs.", "Knitted in one piece, no scratchy seams.")),
            "hoodies": (("hoodie", "hooded sweatshirt", "zip hoodie"),
                        ("Kangaroo pocket and a drawstring hood.", "Brushed inside for extra warmth.")),
            "waistcoats": (("waistcoat", "gilet", "body warmer"),
                           ("Warm in the middle, arms at liberty.", "Four buttons and a cinch at the back.")),
        },
        ("top", "layer"),
        ("Regular fit, model wears {size}.", "{material}, soft on the skin.", "Machine wash at 30 degrees.",
         "Layer it over a T-shirt for {place}.", "Also available in {colour}."),
        ("cotton", "linen", "lambswool", "jersey", "flannel", "recycled polyester", "corduroy"),
        CLOTHES, (14, 140), "Backpacks",
    ),
    Goods(
        {
            "sandals": (("sandal", "slider", "flip-flop"),
                        ("Open toes and an adjustable ankle strap.", "Rinse the sand off under a tap.")),
            "boots": (("boot", "ankle boot", "lace-up boot"),
                      ("Deep treads for mud and slush.", "Elastic sides and a loop to pull them on.")),
            "trainers": (("trainer", "sneaker", "running shoe"),
                         ("Springy midsole with a breathable mesh upper.", "Reflective heel for dark evenings.")),
            "slippers": (("slipper", "house shoe", "clog"),
                         ("Fluffy lining from heel to toe.", "Shuffle to the kettle with warm feet.")),
        },
        ("shoe", "footwear"),
        ("True to size, {size}.", "Padded insole that can be taken out.", "The {material} upper needs no breaking in.",
         "Rubber sole that grips wet floors.", "Sold as a pair in {colour}."),
        ("leather", "suede", "canvas", "EVA foam", "felt", "nubuck", "knit fabric"),
        tuple(f"{system} {n}" for system in ("EU", "size") for n in range(35, 47)), (12, 180), "Handbags",
    ),
    Goods(
        {
            "wallets": (("wallet", "billfold", "coin purse"),
                        ("Notes lie flat and coins have a snap pocket.", "Blocks RFID readers.")),
            "belts": (("belt", "waist belt", "braided belt"),
                      ("A pin buckle with five holes.", "Can be cut to length with scissors.")),
            "pouches": (("pouch", "wash bag", "zip pouch"),
                        ("For make-up, pencils or cables.", "Opens wide and stands up by itself.")),
            "card holders": (("card holder", "card case", "passport cover"),
                             ("Eight slots in the thickness of a pencil.", "Push the lever and the cards fan out.")),
        },
        ("small leather piece", "accessory"),
        ("Made of {material} that darkens with age.", "Edges painted by hand.", "{size}, fits a back pocket.",
         "Embossed with the {brand} logo.", "The {colour} lining is a small surprise."),
        ("full-grain leather", "vegan leather", "canvas", "suede", "cork", "nylon"),
        lengths(7, 25, 1), (8, 120), "Handbags",
    ),
    Goods(
        {
            "necklaces": (("necklace", "pendant", "chain"),
                          ("The chain adjusts at three lengths.", "A small drop rests on the collarbone.")),
            "bracelets": (("bracelet", "bangle", "cuff"),
                          ("Slides over the hand, no clasp to fiddle with.", "Charms can be added one by one.")),
            "earrings": (("earrings", "studs", "hoops"),
                         ("Butterfly backs that hold all day.", "Light enough for pierced ears that tire.")),
            "rings": (("ring", "signet", "band"),
                      ("Stack three on one finger.", "A single stone in a claw setting.")),
        },
        ("jewel", "jewellery piece"),
        ("Plated in {material}, nickel-safe.", "Comes in a velvet pouch.", "Polish with a dry cloth.",
         "{size}, hallmarked.", "Catches the light at a {day}."),
        ("sterling silver", "14k gold", "rose gold", "titanium", "pearl", "brass", "stainless steel"),
        tuple(f"{n} mm" for n in range(4, 60)), (9, 320), "Watches",
    ),
    Goods(
        {
            "headphones": (("headphones", "earbuds", "headset"),
                           ("Noise cancelling hushes the train.", "Ear cups swivel and fold into a case.")),
            "speakers": (("speaker", "soundbar", "boombox"),
                         ("Fills a patio with bass.", "Pair two for stereo.")),
            "radios": (("radio", "DAB tuner", "clock radio"),
                       ("Receives DAB+, FM and the internet.", "Twenty presets and a sleep timer.")),
            "microphones": (("microphone", "condenser mic", "lavalier"),
                            ("Picks up voices and leaves the room out.", "A pop filter tames hard consonants.")),
        },
        ("audio device", "sound gear"),
        ("Bluetooth 5.3 with a range of 10 m.", "Plays {size} on one charge.", "{material} housing, USB-C charging.",
         "Clear mids and a warm bottom end.", "Pairs with phone, tablet and television."),
        ("aluminium", "ABS", "walnut", "soft-touch plastic", "fabric mesh"),
        tuple(f"{n} {unit}" for n in range(6, 61, 2) for unit in ("h", "hours", "hrs")), (16, 380), "Clocks",
    ),
    Goods(
        {
            "chargers": (("charger", "power supply", "charging pad"),
                         ("From empty to half in thirty minutes.", "Stops by itself when the phone is full.")),
            "cables": (("cable", "lead", "charging cord"),
                       ("Braided sleeve, bent ten thousand times in tests.", "Gold-plated contacts at both ends.")),
            "power banks": (("power bank", "battery pack", "portable battery"),
                            ("Charges a phone four times on the road.", "Four lights show what is left.")),
            "adapters": (("adapter", "plug converter", "hub"),
                         ("Fits sockets in 150 countries.", "Three ports side by side.")),
        },
        ("power accessory", "electrical part"),
        ("USB-C and USB-A, {size}.", "Protected against heat and short circuits.", "{material} shell, CE tested.",
         "Works with phones, tablets and laptops.", "Small enough for a trouser pocket."),
        ("aluminium", "ABS", "nylon", "polycarbonate", "silicone"),
        tuple(f"{n} W" for n in range(5, 141, 5)) + tuple(f"{n}000 mAh" for n in range(5, 31)), (5, 90), "Clocks",
    ),
    Goods(
        {
            "spades": (("spade", "shovel", "digging spade"),
                       ("A treaded edge for the boot.", "Cuts through clay and roots.")),
            "rakes": (("rake", "leaf rake", "soil rake"),
                      ("Fourteen tines that spring back.", "Gathers leaves in one sweep.")),
            "pruners": (("pruner", "secateurs", "lopper"),
                        ("Bypass action for clean cuts on roses.", "Ratchet for branches as thick as a thumb.")),
            "trowels": (("trowel", "hand fork", "dibber"),
                        ("Depth marked in centimetres for bulbs.", "Loosens soil in pots and window boxes.")),
        },
        ("digging tool", "hand tool"),
        ("The {material} handle is oiled, not lacquered.", "{size} long.", "Rust resistant, ten-year guarantee.",
         "Hang it up by the leather loop.", "For beds, borders and the allotment."),
        ("ash", "carbon steel", "stainless steel", "fibreglass", "beech", "boron steel"),
        lengths(18, 150, 6), (6, 85), "Lamps",
    ),
    Goods(
        {
            "puzzles": (("puzzle", "jigsaw", "brain teaser"),
                        ("A thousand pieces with a linen finish.", "Keeps fingers busy on a rainy Sunday.")),
            "dolls": (("doll", "rag doll", "soft toy"),
                      ("Hair to comb and a dress to change.", "A cuddly companion at bedtime.")),
            "building blocks": (("building blocks", "brick set", "stacking toy"),
                                ("Towers, bridges and castles.", "Clicks together with other brick sets.")),
            "balls": (("ball", "bouncy ball", "playball"),
                      ("Bounces on grass and tarmac.", "Pump and needle are in the net.")),
        },
        ("toy", "plaything"),
        ("For ages 3 and up.", "Painted with water-based colours on {material}.", "Trains patience and a steady hand.",
         "{size} in its box.", "A {day} present for children."),
        ("beech wood", "cardboard", "cotton", "rubber", "bioplastic", "plush"),
        lengths(10, 60, 2), (5, 70), "Mugs",
    ),
)  # fmt: skip
"""Ranges of four types each."""

USES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "Camping": (("camping", "outdoor"), ("Light enough for the tent bag.", "Shrugs off dew, mud and smoke.")),
    "Garden": (("garden", "patio"), ("Stays outside from April to October.", "UV-stable {colour} that does not fade.")),
    "Beach": (("beach", "seaside"), ("Sand shakes off in a second.", "Salt water does it no harm.")),
    "Nautical": (("nautical", "seaside"), ("With an anchor motif and rope details.", "Smells of harbour and tar.")),
    "Travel": (("travel", "portable"), ("Fits in cabin luggage.", "Packs down to a third of its size.")),
    "Office": (("office", "desk"), ("Looks tidy next to a laptop.", "For meetings and for the hours between them.")),
    "Student": (("student", "desk"), ("For halls of residence and shared flats.", "Survives three years of lectures.")),
    "School": (("school", "classroom"), ("With a label for name and class.", "Tough enough for the playground.")),
    "Kids'": (("kids'", "junior"), ("Sized for small hands.", "No small parts, rounded corners.")),
    "Baby": (("baby", "nursery"), ("Safe from the first day.", "Drool-proof and easily wiped.")),
    "Teen": (("teen", "junior"), ("Approved by fifteen-year-olds.", "Cool, but parents can pay for it.")),
    "Senior": (("senior", "easy-grip"), ("Helps where fingers are stiff.", "Large lettering and high contrast.")),
    "Men's": (("men's", "gents'"), ("Cut wider for men.", "A Father's Day favourite.")),
    "Women's": (("women's", "ladies'"), ("Cut slimmer for women.", "A favourite of our women customers.")),
    "Wedding": (("wedding", "bridal"), ("Engraved with both names and the date.", "Ivory ribbon and a hint of lace.")),
    "Party": (("party", "festive"), ("Glitters under fairy lights.", "For dancing until the last guest leaves.")),
    "Christmas": (("Christmas", "festive"), ("Snowflakes, reindeer and a touch of gold.", "Fits under every tree.")),
    "Winter": (("winter", "cold-weather"), ("Tested at minus twenty degrees.", "For snow, frost and short days.")),
    "Summer": (("summer", "hot-weather"), ("Airy, for days above thirty degrees.", "Bright as a lemon sorbet.")),
    "Rainy-day": (("rainy-day", "waterproof"), ("Sealed seams keep a downpour out.", "Drip-dries in the hallway.")),
    "Sports": (("sports", "active"), ("Made for training, matches and sweat.", "Used by club teams in Leeds.")),
    "Yoga": (("yoga", "active"), ("Calm tones for a quiet hour.", "Goes with your mat and your breath.")),
    "Fishing": (("fishing", "waterproof"), ("Waits with you at the river bank.", "Loops for hooks, floats and line.")),
    "Vintage": (("vintage", "retro"), ("After a design of 1957.", "With the patina of a flea-market find.")),
    "Industrial": (("industrial", "loft"), ("Visible rivets and raw edges.", "From factory hall to loft flat.")),
    "Farmhouse": (("farmhouse", "country"), ("Whitewashed, worn at the corners.", "Like grandmother's, but new.")),
    "Scandinavian": (("Scandinavian", "Nordic"), ("Pale, plain and calm.", "Hygge without clutter.")),
    "Bohemian": (("bohemian", "boho"), ("Tassels, beads and warm patterns.", "No two rows of the pattern repeat.")),
    "Luxury": (("luxury", "designer"), ("Numbered and signed by the maker.", "Delivered with white gloves.")),
    "Budget": (("budget", "value"), ("Our lowest price all year.", "Does the job and costs little.")),
    "Handmade": (("handmade", "artisan"), ("Made one at a time in a small workshop.", "Flaws are its signature.")),
    "Recycled": (("recycled", "eco"), ("Was once twelve plastic bottles.", "Climate neutral from field to parcel.")),
}  # fmt: skip
"""By use, its two adjectives and two sentences on it."""

STYLES = (
    "classic", "compact", "large", "slim", "deluxe", "two-piece", "mini", "everyday", "limited edition", "lightweight",
    "heavy-duty", "adjustable",
)  # fmt: skip
"""The sub-types of made-up categories."""
