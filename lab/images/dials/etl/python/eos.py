"""Files on EOS. Their names are CMS' own; their content is JSON in place of ROOT's, and a look at the folders takes the place of DBS."""

import json
import shutil
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from .settings import RAW_LAYERS

# DBS's instances for private datasets list what users write.
ROOTS = {"global": "store/data"}
PRIVATE = "store/user"


def dataset_of(name: str) -> str:
    """/store/data/Run2024C/ZeroBias/DQMIO/PromptReco-v1/... is of dataset /ZeroBias/Run2024C-PromptReco-v1/DQMIO."""
    _, _, _, era, primary, tier, processing, *_ = name.split("/")
    return f"/{primary}/{era}-{processing}/{tier}"


def files_of(pattern: str, instance: str) -> list:
    """Logical names of all files of the datasets of a pattern, and those datasets, in order."""
    names = set()
    for layer in RAW_LAYERS:
        root = Path(layer, ROOTS.get(instance, PRIVATE))
        names |= {f"/{file.relative_to(layer)}" for file in root.glob("*/*/*/*/**/*.json")}
    return [(name, dataset_of(name)) for name in sorted(names) if fnmatchcase(dataset_of(name), pattern)]


def content(name: str) -> dict:
    """What is in a file, of a copy in the folder that TMPDIR names. Raises FileNotFoundError, or ValueError for what is no such file."""
    places = [Path(layer + name) for layer in RAW_LAYERS]
    place = next((one for one in places if one.exists()), None)
    if place is None:
        raise FileNotFoundError(name)
    folder = tempfile.mkdtemp()
    try:
        copy = shutil.copy(place, folder)
        return json.loads(Path(copy).read_text())
    finally:
        shutil.rmtree(folder)
