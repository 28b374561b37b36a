"""Folder names for classes: what every file system takes, and no two alike."""

import hashlib
import re
import unicodedata

_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_MAX_BYTES = 120


class FolderNames:
    """One folder name per class, different also where upper and lower case are the same."""

    def __init__(self) -> None:
        self._by_label: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, label: str) -> str:
        if label not in self._by_label:
            folder = folder_name(label)
            if folder.casefold() in self._taken:
                folder = _marked(folder, label)
            self._taken.add(folder.casefold())
            self._by_label[label] = folder
        return self._by_label[label]


def folder_name(label: str) -> str:
    """A name that every file system takes: the label itself, or what is left of it with a mark made from the whole."""
    text = unicodedata.normalize("NFC", label)
    text = "".join("_" if unicodedata.category(char)[0] == "C" or _UNSAFE.match(char) else char for char in text)
    text = text.strip(" ").rstrip(".").strip(" ")
    if text.startswith(".") or _DEVICE.fullmatch(text):
        text = f"_{text}"
    return text if text and text == label and len(text.encode()) <= _MAX_BYTES else _marked(text, label)


def _marked(text: str, label: str) -> str:
    short = text.encode()[:_MAX_BYTES].decode("utf-8", "ignore").rstrip(" .")
    mark = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{short or 'class'}-{mark}"
