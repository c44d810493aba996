"""Words that the texts of the simulated catalogue are made of."""

NOUNS = (
    "Top", "Dress", "Shirt", "Blouse", "Skirt", "Trousers", "Jeans", "Shorts", "Jacket", "Coat", "Sweater", "Cardigan",
    "Hoodie", "T-shirt", "Vest", "Leggings", "Tights", "Socks", "Bra", "Briefs", "Swimsuit", "Pyjamas", "Scarf", "Hat",
    "Belt", "Bag", "Earrings", "Necklace", "Sandals", "Boots", "Sneakers", "Gloves", "Jumpsuit",
)  # fmt: skip
CUTS = ("", "Slim", "Wide", "Long", "Short", "Soft", "Fine", "Heavy")
FABRICS = ("cotton", "linen", "wool", "jersey", "denim", "satin", "viscose", "velvet", "lace", "fleece", "poplin", "twill")
DETAILS = (
    "a round neckline", "long sleeves", "an elastic waist", "side pockets", "a zip at the back", "narrow straps", "a wide hem",
)  # fmt: skip
EXTENTS = ("", "All over")
NAMES = (
    "Alba", "Bea", "Cara", "Dora", "Elin", "Fia", "Gry", "Hedda", "Ines", "Juni", "Kaia", "Lova", "Mira", "Nora", "Oda", "Pia",
    "Runa", "Saga", "Tove", "Una", "Vera", "Wilma", "Ylva", "Zita",
)  # fmt: skip
COLOURS = (
    "Black", "White", "Blue", "Red", "Green", "Beige", "Grey", "Pink", "Yellow", "Brown", "Orange", "Lilac", "Khaki", "Gold",
    "Silver", "Turquoise", "Cream", "Navy", "Rust", "Mint",
)  # fmt: skip
SHADES = ("", "Dark", "Light")
PATTERNS = (
    "Solid", "Print", "Stripe", "Melange", "Check", "Denim", "Lace", "Dot", "Jacquard", "Embroidery", "Mesh", "Glitter",
    "Colour blocking", "Front print", "Placement print",
)  # fmt: skip
VALUES = ("Dark", "Light", "Dusty Light", "Bright", "Medium", "Medium Dusty", "Undefined", "Unknown")
PRODUCT_GROUPS = (
    "Upper body", "Lower body", "Full body", "Accessories", "Underwear", "Shoes", "Swimwear", "Socks and tights", "Nightwear",
    "Bags", "Items", "Cosmetic", "Interior", "Fun", "Stationery", "Garment care", "Furniture", "Unknown", "Tools",
)  # fmt: skip
GROUPS = ("Ladieswear", "Baby/Children", "Divided", "Menswear", "Sport")
INDEXES = (
    "Ladies Everyday", "Ladies Accessories", "Ladies Underwear", "Baby", "Small Children", "Children", "Children Accessories",
    "Divided", "Menswear", "Sport",
)  # fmt: skip
INDEX_CODES = ("A", "B", "C", "G", "H", "I", "J", "D", "F", "S")
