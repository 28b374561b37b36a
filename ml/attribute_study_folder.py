"""The folder of an attribute study: that of a run, whose images are prepared once for all arts, and what was asked.

<folder>/arts.json     the arts, shared settings, seed and number of seeds
and what `ml/run_folder.py` and `ml/attribute_study.py` leave there
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml import pipeline
from ml.attribute_arts import Art, read_arts
from ml.attribute_lines import USUAL_BATCH
from ml.attribute_study import OnArt, OnMeasured, run_arts
from ml.attribute_told import AttributeResult
from ml.errors import BadDatasetError
from ml.features import load_encoder
from ml.pack import open_pack
from ml.protocol import Emit
from ml.records import ImageRecord
from ml.run_folder import RunFolder, recipe_of_training
from ml.study_settings import AttributeStudySettings
from ml.told import ShouldStop
from ml.whole import whole_file


@dataclass(frozen=True)
class AttributeStudy:
    """An opened study."""

    run: RunFolder
    arts: tuple[Art, ...]
    settings: AttributeStudySettings

    @classmethod
    def create(
        cls,
        folder: Path,
        records: Sequence[ImageRecord],
        arts: Sequence[str],
        shared: Mapping[str, Any],
        settings: AttributeStudySettings,
        attributes: Sequence[str] = (),
    ) -> "AttributeStudy":
        """shared: settings of every art that has them; attributes: names of what the records say.

        Raises: BadSettingsError, also where another run lies there; UnknownPluginError.
        """
        shared = {"batch_size": USUAL_BATCH, **shared}
        read = read_arts(arts, shared)
        RunFolder.refuse_used(folder)
        folder.mkdir(parents=True, exist_ok=True)
        asked = {"arts": list(arts), "shared": shared, "seed": settings.seed, "seeds": settings.num_seeds}
        with whole_file(folder / "arts.json") as partial:
            partial.write_text(json.dumps(asked, indent=1), encoding="utf-8")
        # images are prepared as for the first of them, for all of them are alike in what concerns images
        plain = read[0].settings.model_dump(mode="json")
        recipe = recipe_of_training(read[0].model.name, plain, settings.seed)
        run = RunFolder.create(folder, records, recipe, attributes=attributes)
        return cls(run, tuple(read), settings)

    @classmethod
    def open(cls, folder: Path) -> "AttributeStudy":
        """Raises: BadDatasetError when no attribute study lies there."""
        try:
            asked = json.loads((folder / "arts.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadDatasetError(
                f"{folder} holds no attribute study ({error}); make one with `python -m ml attribute-study`."
            ) from error
        settings = AttributeStudySettings(num_seeds=asked["seeds"], seed=asked["seed"])
        return cls(RunFolder.open(folder), tuple(read_arts(asked["arts"], asked["shared"])), settings)

    def carry_out(
        self,
        emit: Emit,
        should_stop: ShouldStop,
        on_art: OnArt,
        on_measured: OnMeasured = lambda folder, result: None,
    ) -> AttributeResult:
        """Prepare, then train and measure what is not there yet. Raises: StopRequested, MlError."""
        run, settings = self.run, self.settings
        run.plan["done"] = pipeline.run(run.plan, emit, should_stop, "prepare")
        run.save()
        prepared = run.artefact("prepare")
        pack, encoder = open_pack(Path(prepared["data"])), load_encoder(Path(prepared["encoder"]))
        asked = self.arts, settings.seed, settings.num_seeds
        return run_arts(run.folder, pack, encoder, *asked, emit, should_stop, on_art, on_measured)
