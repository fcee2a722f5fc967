"""Who may include whom: tools/layers.txt against every #include and against CMakeLists.txt."""

import fnmatch
import re

from checks.tree import Finding, is_test, room_of

SECTIONS = ("rooms", "source files only", "pure rooms", "never in pure rooms")
SECTION = re.compile(r"^\[(.+)\]$")
CMAKE_ROOM = re.compile(r"ripstop_room\(\s*(\w+)([^)]*)\)", re.S)
CLOCK_CALL = re.compile(r"\b(?:Clock|WallClock|steady_clock|system_clock|high_resolution_clock)::now\s*\(")


def read_rules(tree):
    """{section: {name: [values]}} of tools/layers.txt, comments and blank lines left out."""
    sections, current = {}, None
    for _, line in tree.lines("tools/layers.txt"):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        header = SECTION.match(line)
        if header:
            current = sections.setdefault(header[1], {})
        elif current is not None:
            name, _, values = line.partition(":")
            current[name.strip()] = [value for value in values.split() if value != "-"]
    return sections


def check(tree, _options):
    """Yields a Finding for every include that the layers forbid."""
    if "tools/layers.txt" not in tree.files:
        yield Finding("tools/layers.txt", 1, "the list of layers is missing", "restore it; the check reads it")
        return
    rules = read_rules(tree)
    absent = [name for name in SECTIONS if name not in rules]
    if absent:
        yield Finding("tools/layers.txt", 1, f"sections are missing: {', '.join(absent)}", "restore them from git")
        return
    rooms = rules["rooms"]
    for path in tree.code:
        room = room_of(path)
        if room is None:
            continue
        if room not in rooms:
            yield Finding(path, 1, f"the room '{room}' is not in tools/layers.txt",
                          "put the file into one of the rooms, or add a room by an ADR")
            continue
        yield from check_rooms(tree, path, room, rooms)
        yield from check_confined(tree, path, room, rules["source files only"])
        if not is_test(path):
            yield from check_pure(tree, path, room, rules["pure rooms"], rules["never in pure rooms"])
    yield from check_cmake(tree, rooms)


def check_rooms(tree, path, room, rooms):
    for include in tree.includes(path):
        # Generated headers are named for their proto package, which may begin like a room.
        if not include.quoted or include.name.endswith(".pb.h"):
            continue
        if include.name.startswith("../") or include.name.startswith("./"):
            yield Finding(path, include.line, f'"{include.name}" is a relative include',
                          f'include by room path, as in "{room}/..."')
            continue
        other = include.name.partition("/")[0]
        if other in rooms and other not in (room, *rooms[room]):
            allowed = " ".join(rooms[room]) or "nothing"
            yield Finding(path, include.line, f"{room} includes \"{include.name}\", but may include only: {allowed}",
                          "move the shared idea down into a room that both may include, or pass it in as an argument")


def check_confined(tree, path, room, confined):
    for include in tree.includes(path):
        for pattern, allowed in confined.items():
            if not fnmatch.fnmatch(include.name, pattern):
                continue
            if path.endswith(".h"):
                yield Finding(path, include.line, f"the header includes {include.name}, which is slow to compile",
                              "include it from the .cc and forward-declare or hide what the header needs")
            elif allowed != ["*"] and room not in allowed and not is_test(path):
                yield Finding(path, include.line, f"{include.name} is not for {room}, only for: {' '.join(allowed)}",
                              "let one of those rooms do this work, or change tools/layers.txt by an ADR")
            break


def check_pure(tree, path, room, pure, banned):
    if room not in pure:
        return
    for include in tree.includes(path):
        if include.name in banned:
            yield Finding(path, include.line, f"{room} has no I/O, clock or threads, but includes <{include.name}>",
                          "take the bytes, the time or the randomness as an argument")
    for number, line in tree.lines(path):
        if CLOCK_CALL.search(line):
            yield Finding(path, number, f"{room} reads the clock", "take a TimePoint as an argument")


def check_cmake(tree, rooms):
    if "CMakeLists.txt" not in tree.files:
        return
    text = tree.text("CMakeLists.txt")
    for match in CMAKE_ROOM.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        words = match[2].split()
        linked = []
        if "DEPS" in words:
            for word in words[words.index("DEPS") + 1:]:
                if word in ("LIBS", "PROGRAM"):
                    break
                linked.append(word)
        if sorted(linked) != sorted(rooms.get(match[1], [])):
            yield Finding("CMakeLists.txt", line, f"DEPS of {match[1]} differ from its line in tools/layers.txt",
                          "name the same rooms in both")
