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
## In short

- **Graph representations and multi-task learning against one-hot: no gain seen here.** On rendered images the average
  of recognised edits is 16.7 points lower with gcn-reprs (95 % interval -62 to +29 over three seeds) and 16.1 lower
  with multi-task learning besides (-43 to +11); on FairFace 7.7 (-32 to +16) and 0.4 (-24 to +23) lower. The
  direction is the opposite of the published one, and none of the intervals excludes zero: 2,000 steps and three seeds
  are few, and these attributes hang together less than those of CelebA.
- **A classifier sees more edits than there are.** Of StarGAN's edits of rendered images it recognises 87 %; by the
  nearest rendering, 67 % have what was asked for, and in 18 % all else is right, too.
- **FairFace's 540 faces are too few for this measure.** The classifier that learns from 440 of them is right about
  held-out real faces in 42 to 71 % of cases, where guessing is right in 50.
- **Translating a larger class into a smaller one helped a classifier.** With 60 shirts with long sleeves and 15
  t-shirts, 45 t-shirts made by CycleGAN raise balanced accuracy from 57.5 to 62.5 % (+5.0, interval +0.9 to +9.0),
  against the best arm without them, with balanced draw and geometric augmentation in both. It is one pair of classes
  and 125 test images.
- **CycleGAN** brings the KID between two kinds of shirts from 6.6 to 0.8 to 1.0 one way and to 2.2 the other, where
  two halves of a class are at about 0, and 77 to 81 % are recognised as what they should be; between long and short
  trousers from 11.8 to 0.7 and to 0.4 to 0.5, and 94 % are.
- **pix2pix** makes street scenes of label maps at 17.0 dB and an SSIM of 0.44 on held-out pairs, where the photo of
  the most similar label map has 15.2 dB and 0.34.
- **Enlargement by pixels (E) is better than bicubic, with a discriminator it is not yet.** After 600 steps E reaches
  24.5 dB where bicubic enlargement has 23.3, and is nearer in the perceptual distance; SRGAN-MSE has 22.1 and is
  farther.
- **Samplers on StarGAN's translations do not differ.** In the study of samplers on ten kinds of clothes (60 images
  each), plain children reach 42.1 % without synthetic images and 42.2 to 43.5 % with 1x or 2x of them: random, cl-sam
  and cr-sam lie within each other's intervals, as they nearly do in the published table. Balanced draw with geometric
  augmentation and no synthetic image reaches 56.0 %, beside which all six are called harmful.
- **Refining digits of one font by SimGAN changed nothing for a classifier of handwriting:** 71.4 % before and 71.5 %
  after (+0.1, interval -1.6 to +1.8), where 1,600 real digits with their labels reach 98.8 %. What differs is the
  shape of strokes, which a refiner is made to keep.
- All ten models train 1.1 to 1.4 times as fast as plain loops of the same networks.
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
The other rows of the attribute study at half as many steps and from one seed each, so that they are no ranking.
word2vec is left out, for the supplied vectors lack the words large, outlined and bright.
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
