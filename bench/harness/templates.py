"""The peers' configurations: files with @name@ for what differs from round to round.

`@common@` stands for the file `common` of the same folder. Lines between `#@repeat N` and `#@end` come N times, with
@i@ counting from 0.
"""

import pathlib
import re

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
NAME = re.compile(r"@([a-z_]+)@")
REPEAT = re.compile(r"^[ ]*#@repeat (\d+)\n(.*?)^[ ]*#@end\n", re.M | re.S)


def find(folder, role):
    """The template of a role, or None where the peer has none."""
    found = sorted((PEERS / folder).glob(f"{role}.*"))
    return found[0] if found else None


def repeated(text):
    return REPEAT.sub(lambda m: "".join(m[2].replace("@i@", str(i)) for i in range(int(m[1]))), text)


def render(template, values):
    """The template's text with its places filled in; a name without a value is an error."""
    common = next(iter(sorted(template.parent.glob("common.*"))), None)
    text = template.read_text(encoding="utf-8")
    if common is not None:
        text = text.replace("@common@\n", common.read_text(encoding="utf-8"))

    def value(match):
        if match[1] not in values:
            raise KeyError(f"{template.name} wants @{match[1]}@, which nothing gives")
        return str(values[match[1]])

    return NAME.sub(value, repeated(text))
