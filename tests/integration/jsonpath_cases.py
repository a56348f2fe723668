"""Documents and paths, each of which is asked of each; the answers are PostgreSQL 15's."""

DOCUMENTS = [
    'null', 'true', '1', '-2.50', '"abc"', '[]', '{}',
    '[1, "1", 2, "2", null, true, [3, 4], {"a": 5}]',
    '{"a": 12, "b": {"a": 13}}',
    '{"a": {"b": [1, 2, {"c": "x"}]}, "d": null, "e": "", "f": -1.5}',
    '[{"a": 1}, {"a": 2.0}, {"a": "2"}, {"b": 3}, [], [{"a": [4, 5]}]]',
    '{"items": [{"price": 10.5, "qty": 2, "name": "pen"}, {"price": 3, "qty": 0, "name": "Paper"},'
    ' {"price": null, "name": "p\\nq"}], "total": 21}',
    '["2017-03-10", "12:34:56", "12:34:56 +3:10", "2017-03-10 12:34:56", "2017-03-10T12:34:56-05", "nope", 5]',
    '[100000000000000000000000000000000000000000000.5, 1e-30, 123456789.987654321, 0, -7, 3]',
    '["é", "É", "z", "Z", "", "a\\u0000b"]'.replace("\\u0000", ""),
    '{"k": [[[1], 2], 3], "l": {"m": {"n": {"o": 1.00}}}}',
]

PATHS = """
$
$.a
$.*
$.**
$.**.a
$.**{0}
$.**{1}
$.**{2}
$.**{1 to 2}
$.**{2 to last}
$.**{last}
$.**{last to 1}
$.**{1}.a
$.**{0 to 1}[*]
$.**[0]
$.**.size()
$.**.type()
$.** ? (@ == 1)
$.** ? (@.a == 13)
$.** ? (exists(@.a))
$.** ? (@.type() == "number")
$[*]
$[0]
$[1]
$[0, 1]
$[last]
$[last - 1]
$[0 to last]
$[1 to 2]
$[2 to 1]
$[-1]
$[5000000000]
$[1.9]
$[-0.5]
$["a"]
$[null]
$[$[0]]
$[$.size() - 1]
$[*][*]
$[*][0]
$[0 to 2].a
$[last ? (@ > 2)]
$[*].a
$[*].b
$[*].a[*]
$.a.b
$.a.b[*]
$.a.b[2].c
$.b.a
$.missing
$.missing.more
$.a[0]
$.a[1]
$.a[*]
$.d
$.e
$.items[*].price
$.items[*].*
$.items[*] ? (@.price > 5)
$.items[*] ? (@.price > 5).name
$.items[*] ? (@.qty == 0 || @.price == null).name
$.items[*] ? (!(@.qty == 0)).name
$.items[*] ? ((@.qty > 0) is unknown).name
$.items[*] ? (@.name like_regex "^p")
$.items[*] ? (@.name like_regex "^P" flag "i").name
$.items[*] ? (@.name like_regex "p.q").name
$.items[*] ? (@.name like_regex "p.q" flag "s").name
$.items[*] ? (@.name like_regex "^q").name
$.items[*] ? (@.name like_regex "^q" flag "m").name
$.items[*] ? (@.name like_regex "p[^a]q").name
$.items[*] ? (@.name like_regex "p[^a]q" flag "s").name
$.items[*] ? (@.name like_regex "P.n" flag "q").name
$.items[*] ? (@.name like_regex "PEN" flag "iq").name
$.items[*] ? (@.name starts with "p")
$.items[*] ? (@.name starts with $s)
$.items[*] ? (@.price starts with "1")
$.items[*].price + 1
$.items[0].price * $.items[0].qty
$.items[1].price / $.items[1].qty
$.items.size()
$.items.type()
$.items[*].name.type()
$.items[*].keyvalue()
$.items.keyvalue().key
$.keyvalue()
$.keyvalue().value.keyvalue()
$.**.keyvalue()
$.**.keyvalue().id
$.*.keyvalue()
$[*].keyvalue()
$[*].keyvalue().value
$[*] ? (@.type() == "object").keyvalue()
$o.keyvalue()
$o.p.keyvalue()
$o.p[*] ? (@.type() == "object").keyvalue()
$ ? (@.a > 1)
$ ? (@.a > 1).b
$ ? (@.a == @.b.a)
$ ? (@.b.a > $.a)
$ ? (@ == null)
$ ? (@ != null)
$ ? (@ == true)
$ ? (@ > false)
$ ? (@ == "abc")
$ ? (@ < "abd")
$ ? (@ > -3)
$ ? (exists(@.a))
$ ? (exists(@[*].a))
$ ? (!exists(@.a))
$ ? (exists(strict))
$[*] ? (@ == 1)
$[*] ? (@ == "1")
$[*] ? (@ > 1)
$[*] ? (@ >= "2")
$[*] ? (@ != 1)
$[*] ? (@ <> null)
$[*] ? (@ == true)
$[*] ? (@ == $x)
$[*] ? (@ == $a)
$[*] ? (@ == $a[*])
$[*] ? ((@ > 1) is unknown)
$[*] ? (!(@ > 1))
$[*] ? (@ > 1 && @ < 3)
$[*] ? (@ > 1 || @ == "1")
$[*] ? (@.a == 2)
$[*] ? (@.a == 4)
$[*] ? (@[*].a == 5)
$[*] ? (@.size() > 1)
$[*] ? (@.type() == "array")
$[*] ? (@ like_regex "^[a-z]$" flag "i")
$[*] ? (@ starts with "")
$[*] ? (@ >= "Z")
$ == 1
$ > 0
$[*] == 1
$[*] > 1
$.a == 12
$.a > 100
$.missing == 1
$.a == "x" || $.b.a == 13
($.a == 12) is unknown
($.a > "x") is unknown
!($.a == 12)
exists($.a)
exists($[*] ? (@ > 2))
$ starts with "a"
$ like_regex "b"
$[*] like_regex "b"
1 == 1 && 1 > 2
($ == 1).type()
($.a == 12) == true
1 + 2 * 3
7 / 2
7 % 2
-7 % 2
1 / 3
2 / 3.00
1 / 0
1 % 0
1.10 + 2
1.10 * 2.20
1e20 * 1e20
0.1 - 0.10
-(1.50)
-$
+$
-$.a
-$[*]
+$[*]
$ + 1
1 + $
$ - 1
$ * 2
$ / 4
$ % 2
$.a + $.b.a
$.a - 0.5
$.a / 7
$.f * 3
$[0] + $[1]
$[0] * $[1]
$[0] / $[2]
$[0] % $[2]
$[2] / $[5]
$[2] % $[4]
$[1] / $[0]
$[*] + 1
$.* + 1
($.a + 1).type()
-$.* ? (@ > 0)
$.abs()
$.floor()
$.ceiling()
$.double()
$[*].abs()
$[*] ? (@.type() == "number").abs()
$[*] ? (@.type() == "number").floor()
$[*] ? (@.type() == "number").ceiling()
$[*] ? (@.type() == "number").double()
$[*] ? (@.type() == "string").double()
$.f.abs()
$.f.floor()
$.f.ceiling()
"1.5".double()
"1e400".double()
"inf".double()
"NaN".double()
"  12  ".double()
"1e3".double()
"0.1234567890123456789".double()
"abc".double()
"".double()
1e400.double()
null.double()
"x".abs()
$.size()
$.type()
$[*].size()
$[*].type()
$.*.size()
$.*.type()
$.datetime()
$[*].datetime()
$[*] ? (@.type() == "string").datetime()
$[0].datetime().type()
$[1].datetime().type()
$[2].datetime().type()
$[3].datetime().type()
$[4].datetime().type()
$[0 to 4].datetime()
$[0].datetime("YYYY-MM-DD")
$[0].datetime("DD")
$[1].datetime("HH24:MI:SS")
$[0].datetime("bad")
$[0 to 4] ? (@.datetime() == "2017-03-10".datetime())
$[0 to 4] ? (@.datetime() >= "2017-03-10".datetime())
$[0 to 4].datetime() ? (@ == "2017-03-10".datetime())
$[0 to 4].datetime() ? (@ > "12:34:55".datetime())
$[0 to 4].datetime() ? (@ < "12:34:55+01".datetime())
$[0 to 4].datetime() ? (@ <= "2017-03-10 12:34:56".datetime())
$[0 to 4].datetime() ? (@ != "2017-03-10 12:34:56+00".datetime())
$[0].datetime() ? (@ == "2017-03-10")
$[0].datetime().size()
$[0].datetime().datetime()
"2017-03-10 12:34:56.789012".datetime()
"10-03-2017 11:05 PM".datetime("DD-MM-YYYY HH12:MI AM")
"2017-03-10 12:34:56.789".datetime("YYYY-MM-DD HH24:MI:SS.FF2")
"12:34 +05:30".datetime("HH24:MI TZH:TZM")
"12:34 -05:30".datetime("HH24:MI TZH:TZM")
"mar 2017".datetime("mon YYYY")
"2017-100".datetime("YYYY-DDD")
"99:99".datetime("HH24:MI")
"12:34:56".datetime("HH24:MI")
"12".datetime("HH24:MI")
"12-34".datetime("HH24:MI")
"xx".datetime("HH24")
"1".datetime("")
$x
$s
$o
$o.p
$o.p[*]
$a[*]
$undefined
$[*] ? (@ == $undefined)
$x + 1
$[$x]
$[0 to $x]
null
true
"string"
1.50
"a".size()
null.type()
true.type()
(1).type()
"a" == "a"
null == null
null != 1
1 == 1.00
"a" < "b"
"é" > "z"
true > false
true == 1
$.k[*][*]
$.k[0][0][0]
$.k[*] ? (@ > 2)
$.k.size()
$.l.m.n.o
$.l.**.o
$.**.n ? (@.o == 1)
$.a[*] ? (@ > 1)[*]
$ ? (@.a[*] > 1)
$ ? (@.*.a > 1)
$.* ? (@.a > 1)
$.a ? (@ ? (@ > 1) == 12)
$.a.b ? (@.size() == 3)
$.a.b[*] ? (@.c == "x").c
$.a.b[last].c ? (@ starts with "x")
lax $.a.b.c
lax $[*].a.b
lax $.a[*].b[*].c
$.a[
$..a
$ ? (@)
@
last
$.a +
""
$"x"
$."a"."b"
$ like_regex "("
$ like_regex "a" flag "x"
$ like_regex "a" flag "y"
1a
$.foo()
$ ? (last > 1)
""".strip("\n").split("\n")

# What random documents and paths are made of.
STARTS = ['"a"', "$s"]
KEYS = ["a", "b", "c", "long key"]
SCALARS = ["null", "true", "false", "0", "1", "-1.50", "2", "1e3", "12345678901234567890.5", '"a"', '"abc"', '"1.5"', '""', '"2020-01-02"', '"10:11:12"', '"2020-01-02 10:11:12+01"']


def random_document(rng, depth=3):
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        return rng.choice(SCALARS)
    if kind < 0.65:
        return "[" + ", ".join(random_document(rng, depth - 1) for _ in range(rng.randrange(5))) + "]"
    return "{" + ", ".join(f'"{rng.choice(KEYS)}": {random_document(rng, depth - 1)}' for _ in range(rng.randrange(5))) + "}"


def accessor(rng, depth):
    kind = rng.randrange(14)
    if kind < 4:
        key = rng.choice(KEYS)
        return f'."{key}"' if " " in key else f".{key}"
    if kind == 4:
        return "[*]"
    if kind == 5:
        return ".*"
    if kind == 6:
        return rng.choice([".**", ".**{1}", ".**{1 to 2}", ".**{last}", ".**{0 to 1}", ".**{2 to last}"])
    if kind == 7:
        return rng.choice(["[0]", "[last]", "[1 to last]", "[0, 1]", "[last - 1]", "[-1]", "[0 to 1, last]", f"[{expression(rng, depth - 1)}]"])
    if kind < 10:
        return f" ? ({predicate(rng, depth - 1, '@')})"
    return rng.choice([".type()", ".size()", ".abs()", ".floor()", ".ceiling()", ".double()", ".keyvalue()", ".datetime()"])


def path(rng, depth, root):
    text = root if rng.random() < 0.8 else rng.choice(["$", "$x", "$o", "(1.5)", '"abc"', "null", "true"])
    for _ in range(rng.randrange(4) if depth > 0 else rng.randrange(2)):
        text += accessor(rng, depth)
    return text


def expression(rng, depth, root="$"):
    kind = rng.random()
    if depth <= 0 or kind < 0.6:
        return path(rng, depth, root)
    if kind < 0.7:
        return rng.choice("+-") + "(" + expression(rng, depth - 1, root) + ")"
    if kind < 0.8:
        return rng.choice(["1", "2.50", "-3", '"a"', "true", "null", "0"])
    if kind < 0.9:
        return f"({predicate(rng, depth - 1, root)})" + accessor(rng, depth - 1)
    return f"({expression(rng, depth - 1, root)} {rng.choice('+-*/%')} {expression(rng, depth - 1, root)})"


def predicate(rng, depth, root):
    kind = rng.random()
    if depth <= 0 or kind < 0.5:
        return f"{expression(rng, depth - 1, root)} {rng.choice(['==', '!=', '<', '<=', '>', '>='])} {expression(rng, depth - 1, root)}"
    if kind < 0.6:
        return f"exists({expression(rng, depth - 1, root)})"
    if kind < 0.7:
        return f"!({predicate(rng, depth - 1, root)})"
    if kind < 0.8:
        return f"({predicate(rng, depth - 1, root)}) is unknown"
    if kind < 0.85:
        return f'{expression(rng, depth - 1, root)} starts with {rng.choice(STARTS)}'
    if kind < 0.9:
        return f'{expression(rng, depth - 1, root)} like_regex "^[a-c1]" flag "i"'
    return f"({predicate(rng, depth - 1, root)}) {rng.choice(['&&', '||'])} ({predicate(rng, depth - 1, root)})"


def random_path(rng):
    return ("strict " if rng.random() < 0.35 else "") + (expression(rng, 3) if rng.random() < 0.75 else predicate(rng, 3, "$"))
