# SPDX-License-Identifier: GPL-2.0
"""porting - scripted edits of the kernel's files, for clients/NAME/port

A port is a script that takes the folder with a copy of the kernel's files. It names each
line that it changes by a regular expression, which must match the whole of exactly one
line, blanks around it apart, so that an edit that no longer fits a newer kernel ends with
a sentence that says so and leaves the folder as it was. Lines of the kernel that go are named by the
first and the last of them; a function, by its name.

    with Port() as port:
        port.add("new_file.c")
        with port.edit("Makefile") as f:
            f.insert_after(r"squashfs-y \\+= block\\.o .*", "squashfs-y += new_file.o")
"""

import re
import sys
from pathlib import Path


class PortError(Exception):
    pass


class File:
    """One of the kernel's files while it is edited: a list of lines."""

    def __init__(self, path):
        self.path = path
        try:
            self.lines = path.read_text().splitlines()
        except OSError as err:
            raise PortError(f"{path.name}: {err.strerror}: this kernel has no such file") from err

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def find(self, pattern, begin=0):
        """The number of the one line that @pattern matches, the first if @begin is given"""
        found = [i for i in range(begin, len(self.lines))
                 if re.fullmatch(pattern, self.lines[i].strip())]
        if not found or (not begin and len(found) > 1):
            raise PortError(f"{self.path.name}: {len(found) or 'no'} lines match {pattern!r}")
        return found[0]

    def has(self, pattern):
        return any(re.fullmatch(pattern, line.strip()) for line in self.lines)

    def insert_before(self, pattern, text):
        i = self.find(pattern)
        self.lines[i:i] = text.splitlines()

    def insert_after(self, pattern, text, last=None):
        """After the line that matches @pattern, or the next that matches @last if given"""
        i = self.find(pattern)
        i = (self.find(last, i) if last is not None else i) + 1
        self.lines[i:i] = text.splitlines()

    def replace(self, pattern, text, last=None, after=None):
        """
        The line that matches @pattern, up to the next that matches @last if given; the first
        after the line that matches @after if given
        """
        i = self.find(pattern, self.find(after) + 1 if after else 0)
        end = self.find(last, i) if last is not None else i
        self.lines[i:end + 1] = text.splitlines()

    def delete(self, pattern, last=None, after=None):
        self.replace(pattern, "", last, after)

    def delete_all(self, pattern, count):
        """Each line that matches @pattern: @count of them"""
        left = [line for line in self.lines if not re.fullmatch(pattern, line.strip())]
        if len(self.lines) - len(left) != count:
            raise PortError(f"{self.path.name}: {len(self.lines) - len(left)} lines match"
                            f" {pattern!r}, not {count}")
        self.lines = left

    def substitute(self, pattern, text, count):
        """@pattern, part of a line, wherever it is: in @count lines"""
        found = [i for i, line in enumerate(self.lines) if re.search(pattern, line)]
        if len(found) != count:
            raise PortError(f"{self.path.name}: {len(found)} lines contain {pattern!r}, not {count}")
        for i in found:
            self.lines[i] = re.sub(pattern, text, self.lines[i])

    def delete_function(self, name):
        """The definition of @name, the comment before it and the blank line after it"""
        begin = self.find(rf"[a-z][^;=]*\b{name}\(.*(?<!;)")
        end = next((i for i in range(begin, len(self.lines)) if self.lines[i] == "}"), None)
        if end is None:
            raise PortError(f"{self.path.name}: {name}() has no end")
        if begin and self.lines[begin - 1].strip() == "*/":
            begin = max(i for i in range(begin) if self.lines[i].startswith("/*"))
        if end + 1 < len(self.lines) and not self.lines[end + 1]:
            end += 1
        del self.lines[begin:end + 1]


class Port:
    """All edits of a port; written to the folder only if every one of them fits"""

    def __init__(self):
        script = Path(sys.argv[0])
        if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
            sys.exit(f"usage: {script} DIR, a copy of the kernel's folder")
        self.source = script.parent
        self.dir = Path(sys.argv[1])
        self.files = []
        self.added = []

    def __enter__(self):
        return self

    def add(self, name):
        """A new file, which lies beside the script"""
        self.added.append(name)

    def edit(self, name):
        self.files.append(File(self.dir / name))
        return self.files[-1]

    def has(self, name):
        return (self.dir / name).exists()

    def __exit__(self, kind, err, trace):
        if kind is PortError:
            sys.exit(f"{self.source.name}/port: this edit does not fit: {err}")
        if kind is None:
            for file in self.files:
                file.path.write_text("\n".join(file.lines) + "\n")
            for name in self.added:
                (self.dir / name).write_text((self.source / name).read_text())
