# SPDX-License-Identifier: GPL-2.0
"""Sphinx configuration of `make htmldocs`, which runs scripts/lint/htmldocs.

The kernel-doc directive and the script behind it are the kernel's own; they
come from the source that KERNEL_SOURCE names.
"""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.environ['KERNEL_SOURCE']

sys.path.insert(0, os.path.join(SOURCE, 'Documentation', 'sphinx'))


def newest_version():
    with open(os.path.join(TOP, 'CHANGELOG.md'), encoding='utf-8') as file:
        return re.search(r'^## \[?(\d[\w.]*)', file.read(), re.M).group(1)


project = 'syncpool'
author = 'the syncpool maintainers'
project_copyright = 'the syncpool authors; GPL-2.0'
version = release = newest_version()

extensions = ['kerneldoc', 'automarkup', 'myst_parser']
# The source folder is the top of the tree, so that the documents' links to each
# other lead where they lead on disk.
root_doc = 'docs/index'
include_patterns = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/*', 'docs/man/*',
                    'test/litmus/README.md', 'test/model/README.md',
                    'test/coherence/README.md']
exclude_patterns = ['out', '.git']

kerneldoc_bin = os.path.join(SOURCE, 'scripts', 'kernel-doc')
kerneldoc_srctree = TOP
kerneldoc_verbosity = 1

# What kernel-doc leaves in a prototype and no C compiler defines
c_id_attributes = ['__init', '__exit', '__must_check', '__percpu', '__user', '__rcu']

primary_domain = 'c'
highlight_language = 'none'
myst_heading_anchors = 3

html_theme = 'alabaster'
html_theme_options = {'description': 'a pool of ready-made objects for kernel code',
                      'page_width': '70em', 'sidebar_width': '16em'}
html_sidebars = {'**': ['about.html', 'navigation.html', 'searchbox.html']}
html_copy_source = False

man_pages = [
    ('docs/man/syncpool', 'syncpool', 'pools of reusable objects', [author], 4),
    ('docs/man/syncpooltop', 'syncpooltop', 'show the pools of the running kernel', [author], 1),
    ('docs/api', 'syncpool', 'the interface of the kernel module', [author], 9),
]
man_make_section_directory = False
