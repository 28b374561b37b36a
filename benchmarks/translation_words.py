"""What the page of `benchmarks/translation.py` says beside its tables."""

from typing import Final

INTRODUCTION: Final = """
What the translation models do on real images and on rendered ones whose every edit can be checked, at 32 pixels (pairs
and enlargement at 64) and with trainings of minutes on a CPU: a comparison of methods at equal budget, not of what they
reach in days on a GPU. The images are those that ATELIER_REAL_DATA names: fairface540 (540 faces, gender and nine age
groups), camvid (120 street scenes and their label maps), clothing-cc0 (ten kinds of clothes, 100 training and 20 test
images of each) and MNIST. `python -m benchmarks.translation_data NAME FOLDER` writes each dataset as the service reads
it; test splits judge studies and refinement alone.

    ATELIER_REAL_DATA=… python -m benchmarks.translation [NAME ...] --out FOLDER
    python -m benchmarks.translation_speed
"""

FINDINGS: Final = """
"""

SECTIONS: Final = (
    (
        "Attributes: representation and multi-task learning",
        """
The published tables (difference mode) say that attributes represented by a graph convolution over their co-occurrence,
trained end to end, are recognised more often after an edit than one-hot ones (five attributes: 84.0 against 80.2;
thirteen: 79.4 against 74.5), and with multi-task learning on D more often still (81.0). The same question here, with
intervals over seeds:
""",
        ("attributes-rendered", "attributes-fairface"),
    ),
    (
        "Attributes: the other representations and methods",
        """
The remaining rows of the attribute study, which is quicker here: half as many steps, two seeds. word2vec is left out,
for the words of the rendered attributes are colours and sizes that only some vectors hold.
""",
        ("arts-rendered",),
    ),
    (
        "Samplers on translations",
        "",
        ("sampling-stargan",),
    ),
    (
        "Two domains without pairs",
        """
CycleGAN both ways. KID is taken against the training images of the class (validation images are too few), FID against
training and validation images; FID of so few images is too high by a bias, so its rows compare with one another alone.
""",
        ("tops", "trousers"),
    ),
    ("From a larger class to a smaller one", "", ("minority-tops",)),
    ("Pairs", "", ("camvid",)),
    (
        "Small images made large",
        "Four times along each side, to 64 pixels, of held-out images; the parts are bicubic enlargement of the same.",
        ("enlarge-E", "enlarge-SRGAN-MSE", "enlarge-PAT"),
    ),
    (
        "Refined and raw",
        "Digits of one font, refined by SimGAN with unlabelled handwritten ones, as training images for handwriting.",
        ("refined-digits",),
    ),
)
"""(title, text, names of the cases) of each section."""
