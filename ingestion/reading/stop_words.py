"""The English stop words: the Glasgow list as scikit-learn has it (BSD-3-Clause), without words that name products.

Written out here, since importing scikit-learn takes a second, longer than cleaning some thousand texts.

Left out are words that name a product, a part or a property of one in any shop (a top, a thin cable, a sound system):
Nothman et al. (2018, 'Stop word lists in free open-source software packages') on such mistakes of the list. They are
back, bill, bottom, cry, detail, empty, fill, fire, front,
full, interest, mill, mine, side, system, thick, thin, top.
"""

_WORDS = (
    "a about above across after afterwards again against all almost alone along already also although always am among "
    "amongst amoungst amount an and another any anyhow anyone anything anyway anywhere are around as at be became "
    "because become becomes becoming been before beforehand behind being below beside besides between beyond both but "
    "by call can cannot cant co con could couldnt de describe do done down due during each eg eight either eleven "
    "else elsewhere enough etc even ever every everyone everything everywhere except few fifteen fifty find first "
    "five for former formerly forty found four from further get give go had has hasnt have he hence her here "
    "hereafter hereby herein hereupon hers herself him himself his how however hundred i ie if in inc indeed into is "
    "it its itself keep last latter latterly least less ltd made many may me meanwhile might more moreover most "
    "mostly move much must my myself name namely neither never nevertheless next nine no nobody none noone nor not "
    "nothing now nowhere of off often on once one only onto or other others otherwise our ours ourselves out over own "
    "part per perhaps please put rather re same see seem seemed seeming seems serious several she should show since "
    "sincere six sixty so some somehow someone something sometime sometimes somewhere still such take ten than that "
    "the their them themselves then thence there thereafter thereby therefore therein thereupon these they third this "
    "those though three through throughout thru thus to together too toward towards twelve twenty two un under until "
    "up upon us very via was we well were what whatever when whence whenever where whereafter whereas whereby wherein "
    "whereupon wherever whether which while whither who whoever whole whom whose why will with within without would "
    "yet you your yours yourself yourselves"
)
ENGLISH = frozenset(_WORDS.split())
