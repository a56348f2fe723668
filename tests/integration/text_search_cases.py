"""Random texts, tsvectors and queries for text search; the answers are PostgreSQL 15's."""

PIECES = [
    "a", "b", "foo", "com", "www", "x1", "1", "12", "0", "e", "E5", "e-3", "-", "-", "_", ".", ".", "/", "/", "@", ":",
    "://", "~", "..", "./", "../", " ", " ", "\n", "\t", "&", "&amp;", "&#12;", "&#x1F;", "&lt", "<", ">", "<a", "</a>",
    "<br/>", "<b>", "</", "<!--", "-->", "<!", "<!D", "<?x", "?>", "'", '"', "\\", "=", "#", "?", "%", "+", "|", "(", ")",
    "é", "ё", "Ж", "本", "ß", "İ", "\u0301", "\u0903", "\u00a0", "\u3000", "\u200b", "😀", "script", "<script>",
    "</script>", "<style ", "</style>", "http", "ftp://", "a.b.com", "me@x.org", "1.2.3", "-5", "+7", "3.14", "1e10",
    "foo-bar", "beta-1", "a-b1", "1-a", ";", "x", "*", "^", "{", "}", "[", "]", "$", "!", "٣", "²", ",", "-5.12", "-2b",
    "a-", "~/", "/.", '<a "', "<b '",
]
WORDS = """the a of foxes fox running ran quick quickly cats cat-like well-known state-of-the-art story stories
organization organizational happiness happy sky skies dying die lying news-4 http://a.example.com/x?y me@example.org 12 -3.5
1e5 v1.2.3 /usr/local/bin <b>bold</b> &amp; café naïve straße Ärger не слово it's don't rock'n'roll U.S.A. e-mail x2y
and or not supernovae supernova""".split()
LEXEMES = ["a", "b", "c", "ab", "abc", "d", "'x y'", "fox"]


def random_text(rng):
    kind = rng.random()
    if kind < 0.6:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, rng.choice([4, 8, 16, 40]))))
    if kind < 0.8:
        return "".join(rng.choice("ab1-_./@:<>&e+ '\"=") for _ in range(rng.randint(1, 30)))
    return "".join(chr(rng.choice([rng.randint(1, 127), rng.randint(1, 127), rng.randint(128, 0x5ff),
                                   rng.randint(0x600, 0xd7ff)])) for _ in range(rng.randint(1, 20)))


def random_document(rng, longest=40):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, longest)))


def random_vector(rng):
    words = []
    for _ in range(rng.randint(0, 8)):
        word = rng.choice(LEXEMES)
        if rng.random() < 0.8:
            # Which weight of several the last position keeps, PostgreSQL leaves to the way it sorts.
            word += ":" + ",".join("16383" if rng.random() < 0.1 else str(rng.choice([rng.randint(1, 9), rng.randint(1, 20)]))
                                   + rng.choice(["", "", "A", "B", "C", "D"]) for _ in range(rng.randint(1, 4)))
        words.append(word)
    return " ".join(words)


def random_query(rng, words=LEXEMES, depth=4):
    if depth == 0 or rng.random() < 0.3:
        word = rng.choice(words)
        if rng.random() < 0.3:
            word += ":" + rng.choice(["*", "A", "AB", "*C", "cd", "*ab"])
        return word
    if rng.random() < 0.2:
        return "!" + random_query(rng, words, depth - 1)
    operator = rng.choice(["&", "|", "<->", "<->", f"<{rng.randint(0, 4)}>"])
    return f"({random_query(rng, words, depth - 1)} {operator} {random_query(rng, words, depth - 1)})"


def random_mess(rng):
    """What may be a query, and mostly is none."""
    return "".join(rng.choice(["a", "b", "!", "&", "|", "(", ")", "<->", "<2>", "<", ":", "*", "A", ":*", "'", '"', "\\", " ",
                               " or ", "-", "1", ",", "the "]) for _ in range(rng.randint(0, 10)))


def random_options(rng):
    options = []
    for name, values in (("MaxWords", [3, 5, 8, 20]), ("MinWords", [1, 2, 4, 6]), ("ShortWord", [0, 2, 3]),
                         ("MaxFragments", [0, 1, 2, 5]), ("HighlightAll", ["true", "off"]), ("StartSel", ["<<"]),
                         ("StopSel", ["'>>'"]), ("FragmentDelimiter", ['" ~ "'])):
        if rng.random() < 0.5:
            options.append(f"{name}={rng.choice(values)}")
    return ", ".join(options)
