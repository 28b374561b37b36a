"""Which two classes of a dataset are the domains of a model that learns from two. Importing it never imports torch."""

from collections.abc import Mapping, Sequence

from ml.errors import BadSettingsError


def choose_domains(named: Mapping[str, str], classes: Sequence[str]) -> tuple[str, str]:
    """The first and the second domain; named: setting -> class, of both.

    An empty setting means the first or the second class of the dataset, or the other of these two where the other
    setting names that one.

    Raises: BadSettingsError.
    """
    if refused := why_no_domains(named, classes):
        raise BadSettingsError(refused[1])
    one, other = named.values()
    first, second = classes[:2]
    one = one or (second if other == first else first)
    return one, other or (first if one == second else second)


def why_no_domains(named: Mapping[str, str], classes: Sequence[str]) -> tuple[str, str] | None:
    """(setting, sentence) of a class that is not there or is named twice; None when both can be learnt."""
    for setting, name in named.items():
        if name and name not in classes:
            return setting, f"{setting} is {name!r}, which is no class of the dataset; choose one of: {_list(classes)}."
    (_, one), (setting, other) = named.items()
    if one and one == other:
        return setting, f"Both domains are {one!r}; choose another class as {setting}, or leave it empty."
    return None


def _list(classes: Sequence[str]) -> str:
    return ", ".join(classes[:20]) + (f" and {len(classes) - 20} more" if len(classes) > 20 else "")
