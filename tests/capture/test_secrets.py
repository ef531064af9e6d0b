"""Secrets taken out of the source of a cell."""

from __future__ import annotations

import ast

import pytest

from nbtrack.capture.secrets import is_secret_name, mask_secrets


@pytest.mark.parametrize(
    "name",
    [
        *["key", "token", "secret", "password", "passwd", "pwd", "credentials", "auth", "private"],
        *["api_key", "apikey", "API_KEY", "apiKey", "APIKey", "X-Api-Key", "openai.api_key"],
        *["OPENAI_API_KEY", "KEY_2", "key2", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"],
        *["AccountKey", "auth_header", "private_key", "db_pass", "pass", "hf_token", "api_keys"],
        *["access_tokens", "max_password_length", "Authorization", "passphrase"],
    ],
)
def test_names_of_secrets(name: str) -> None:
    """A word of the name says that it holds a secret, in any spelling."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *["keyboard", "monkey", "tokenizer", "n_tokens", "max_tokens", "tokens", "keys", "author"],
        *["authority", "passenger", "compass", "forward_pass", "passes", "token_accuracy", "x", ""],
        *[
            "num_token",
            "key_col",
            "token_limit",
            "pad_token",
            "secretary",
            "privately",
            "keypoints",
        ],
    ],
)
def test_names_of_other_things(name: str) -> None:
    """A secret's word inside of another word, or counted, is no secret."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ('api_key = "abc"', 'api_key = "***"'),
        ("api_key = r'abc'", "api_key = r'***'"),
        ("password = 12345", "password = '***'"),
        ("secret = -5", "secret = '***'"),
        ('password: str = "abc"', 'password: str = "***"'),
        ('user, password = "me", "abc"', 'user, password = "me", "***"'),
        ('user, password = creds = ["me", "abc"]', 'user, password = creds = ["***", "***"]'),
        ('token += "abc"', 'token += "***"'),
        ('login(token := "abc")', 'login(token := "***")'),
        ('openai.api_key = "abc"', 'openai.api_key = "***"'),
        ('os.environ["API_TOKEN"] = "abc"', 'os.environ["API_TOKEN"] = "***"'),
        ('connect("h", password="abc", port=1)', 'connect("h", password="***", port=1)'),
        ('get(url, auth=("me", "abc"))', 'get(url, auth=("***", "***"))'),
        ('x = {"user": "me", "password": "abc"}', 'x = {"user": "me", "password": "***"}'),
        ('if password == "abc": f("x")', 'if password == "***": f("x")'),
        ('assert "abc" != cfg["token"]', 'assert "***" != cfg["token"]'),
        ('def f(a="x", token="abc"): pass', 'def f(a="x", token="***"): pass'),
        ('def f(*, a="x", pwd="abc"): pass', 'def f(*, a="x", pwd="***"): pass'),
        ('f = lambda key="abc": key', 'f = lambda key="***": key'),
        ('token = given or "abc"', 'token = given or "***"'),
        ('token = "abc" if a else b', 'token = "***" if a else b'),
        ('key = "abc".encode()', 'key = "***".encode()'),
        ('key = base64.b64decode("abc")', 'key = base64.b64decode("***")'),
        ('token = "a" + user + "b"', 'token = "***" + user + "***"'),
        ('password = f"abc{x}"', 'password = f"***"'),
        ('os.environ.get("API_KEY", "abc")', 'os.environ.get("API_KEY", "***")'),
        ('setattr(c, "password", "abc")', 'setattr(c, "password", "***")'),
        ('p.add_argument("--token", default="abc")', 'p.add_argument("--token", default="***")'),
        ('run(["x", "--password", "abc"])', 'run(["x", "--password", "***"])'),
        ('set_api_key("abc")', 'set_api_key("***")'),
        ('f(é="ü", token="ß", x="ö")', 'f(é="ü", token="***", x="ö")'),
        ('x = 1; token = "abc"; y = "d"', 'x = 1; token = "***"; y = "d"'),
        ('token = """a\nb"""\ny = 1', "token = '''***\n'''\ny = 1"),
        ('token = ("a"\n  "b")  # c\ny', "token = ('''***\n''')  # c\ny"),
        ("# password = abc", "# password = ***"),
        ("x = '#'  # api_key: abc", "x = '#'  # api_key: ***"),
        ('d = "host=h password=abc"', 'd = "host=h password=***"'),
        ('d = "https://h/?token=abc&x=1"', 'd = "https://h/?token=***&x=1"'),
        ('d = \'{"password": "a b"}\'', 'd = \'{"password": "***"}\''),
        ('y = """\napi_key: abc\nx: 1\n"""', 'y = """\napi_key: ***\nx: 1\n"""'),
        ('f"token={t}&key=abc"', 'f"token={t}&key=***"'),
        ('h = {"A": "Authorization: Token abc"}', 'h = {"A": "Authorization: ***"}'),
    ],
)
def test_literals_given_to_secrets_are_masked(typed: str, masked: str) -> None:
    """Only the literal goes; the text around it stays, and stays Python."""
    assert mask_secrets(typed) == masked
    ast.parse(masked)


@pytest.mark.parametrize(
    "typed",
    [
        'sorted(rows, key=lambda row: row["name"])',
        "df.sort_values('a', key=len)",
        "token = get_token()",
        "api_key = os.environ['API_KEY']",
        'token = open("token.txt").read()',
        'pw = getpass.getpass("Password: ")',
        "for key in ['a', 'b']: print(key, 'c')",
        "tokenizer = Tokenizer('bert', max_tokens=512)",
        "n_tokens = 5\nkeyboard = 'qwerty'\nmonkeys = 'many'",
        "rng = jax.random.PRNGKey(0)",
        "private = True\nauth = None\ntoken = ''",
        'print("key: value", f"{api_key=}", f"token={token}")',
        'q = "select * from t where token = %s and key = :key"',
        'url = f"postgres://{user}:{password}@host/db"',
        "x = f'Authorization: Bearer {token}'",
        "!echo $TOKEN && curl -H 'Authorization: Bearer $TOKEN' $URL",
        "%timeit sorted(x, key=len)",
        "!pip install sk-learn\n%env",
        "%%track sweep lr={lr} password={password}\nfit(lr)",
        "x = (a\n     % b)\nif key == other: pass",
        "print('see https://user@host/a:b')",
    ],
)
def test_what_is_no_secret_stays(typed: str) -> None:
    """Variables, functions, prompts and names that only look alike are left alone."""
    assert mask_secrets(typed) == typed


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ("%env API_KEY=abc", "%env API_KEY=***"),
        ("%env API_KEY abc def", "%env API_KEY ***"),
        ("!export TOKEN=abc && run", "!export TOKEN=*** && run"),
        ("!run --api-key abc --n 3", "!run --api-key *** --n 3"),
        ("!run --token=abc|tee x", "!run --token=***|tee x"),
        ("!curl -u me:abc http://x", "!curl -u me:*** http://x"),
        ("!docker login -u me -p abc h", "!docker login -u me -p *** h"),
        ("!curl -H 'Authorization: Bearer abc' h", "!curl -H 'Authorization: ***' h"),
        ("%%track password=a&b x=1\nfit()", "%%track password=*** x=1\nfit()"),
        ("%track fit token='a b' x=1\nfit()", "%track fit token='***' x=1\nfit()"),
        ("%%time\n%%track pwd=q\nkey = 'z'", "%%time\n%%track pwd=***\nkey = '***'"),
        ("x = !cmd --token abc", "x = !cmd --token ***"),
        ("!a \\\n  --token abc\nb = 1", "!a \\\n  --token ***\nb = 1"),
        ("%%bash\nAPI_KEY=abc\necho hi", "%%bash\nAPI_KEY=***\necho hi"),
        ("%%writefile .env\nAPI_KEY=abc", "%%writefile .env\nAPI_KEY=***"),
        ("%time f(token='abc', key=len)", "%time f(token='***', key=len)"),
    ],
)
def test_magic_and_shell_lines_are_masked(typed: str, masked: str) -> None:
    """There values need no quotes."""
    assert mask_secrets(typed) == masked


@pytest.mark.parametrize(
    "typed",
    [
        'def f(:\n    password = "abc"',
        'password = "abc',
        "password = 'abc' +",
        "x = (\npassword: str = 'abc'",
        'd = {"api_key": "abc"',
        'd = {x: token = "abc"',
        'os.environ["TOKEN"] = "abc" )',
        "password = abc' )\n%env TOKEN=abc".replace("abc'", "'abc'"),
        'token = """x\nabc""" )',
        "f(password='abc'\n",
    ],
)
def test_cells_that_do_not_parse_are_masked_too(typed: str) -> None:
    """A half-written cell keeps no secret either, and keeps its lines."""
    masked = mask_secrets(typed)

    assert "abc" not in masked
    assert "***" in masked
    assert masked.count("\n") == typed.count("\n")


SHAPES = [
    *[
        "AKIAIOSFODNN7EXAMPLE",
        "sk-abc123def456ghi789",
        "sk-proj-Ab1_cd2-ef3gh4ij",
        "sk_live_abcd1234",
    ],
    *["ghp_abcdef0123456789", "github_pat_11ABC_defghi", "glpat-abcdefgh12", "xoxb-123456-abcdef"],
    *["hf_abcdefghijklmnopqrst", "AIza" + "a1" * 18, "eyJhbGciOiJI.eyJzdWIiOiIx.abc-def"],
]


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize("cell", ["x = '{}'", "f(1, '{}')  # {}", "!run {}", "def f(: '{}'"])
def test_well_known_shapes_are_masked_anywhere(cell: str, secret: str) -> None:
    """A secret that can be told by its look needs no name."""
    typed = cell.replace("{}", secret)

    assert mask_secrets(typed) == cell.replace("{}", "***")


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ('h = f("Bearer abcdef123456")', 'h = f("Bearer ***")'),
        ('u = "postgres://me:abc@h/db"', 'u = "postgres://me:***@h/db"'),
        ("!git clone https://me:abc@h/r", "!git clone https://me:***@h/r"),
        (
            'k = """-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----"""',
            'k = """-----BEGIN RSA PRIVATE KEY-----\n***\n\n-----END RSA PRIVATE KEY-----"""',
        ),
    ],
)
def test_secrets_are_cut_out_of_headers_addresses_and_key_files(typed: str, masked: str) -> None:
    """What is around the secret stays readable."""
    assert mask_secrets(typed) == masked


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_stay(end: str) -> None:
    """Places are right whatever ends the lines, and form feeds end none."""
    typed = end.join(["é = 'ü\x0c'", 'token = "abc"', "def f():", "\tpwd = 'abc'", "#"])

    assert mask_secrets(typed) == typed.replace("abc", "***")


def test_masking_twice_is_masking_once() -> None:
    """A mask is not masked again."""
    once = mask_secrets("token = 'abc'\n%env KEY=abc\n# password: abc\nu = 'x://a:b@c'")

    assert mask_secrets(once) == once


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "a-" * 20_000,
        "key" + " " * 40_000,
        "sk-" * 15_000,
        "x='" + "token" * 9_000,
        "a=" * 20_000,
        "x://" * 9_000,
        "# " * 20_000,
    ],
)
def test_long_lines_do_not_hang(text: str) -> None:
    """Reading takes time in proportion to the text, not to its square."""
    typed = text + "\nkey = ("

    assert mask_secrets(typed) == typed
