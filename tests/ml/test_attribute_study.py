"""Which way of editing attributes works best: what is asked, what is counted, and that all are alike."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml import attribute_study
from ml.__main__ import main
from ml.attribute_arts import read_arts
from ml.attribute_classifier import AttributeClassifier, _loss, _weights, kept_classifier, train_classifier
from ml.attribute_edits import Edits, asked_edits, classifier_accuracy, edited_rows, measure_edits
from ml.attribute_lines import COMPARED
from ml.attribute_model import AttributeModel
from ml.attribute_study import run_arts, spread, table_of
from ml.attribute_told import ArtResult, AttributeResult, Spread, verdict
from ml.attributes import AttributeSpace
from ml.encoder_training import encoder_of, kept_encoder, train_encoder
from ml.errors import BadSettingsError
from ml.features import Encoder, save_encoder
from ml.model import DataSpec
from ml.pack import Pack
from ml.terminal import attribute_table
from ml.told import StopRequested
from ml.word_vectors import VARIABLE
from tests.ml.rendered_attributes import NAMES, render, write_attribute_pack
from tests.ml.tiny_data import write_images

NAN = float("nan")
CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "resolution": 16,
    "batch_size": 4,
    "num_steps": 6,
    "width": 4,
    "num_checkpoints": 1,
    "num_previews": 1,
}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_attribute_pack(tmp_path_factory.mktemp("known"), 400, 60, 16)


@pytest.fixture(scope="module")
def encoder(pack: Pack) -> Encoder:
    return train_encoder(pack, 0)


@pytest.fixture(scope="module")
def classifier(pack: Pack) -> AttributeClassifier:
    return train_classifier(pack, 0, CPU)


class Painter(AttributeModel):
    """Knows how the images are rendered: held-out image n of the pack is number 400 + n."""

    name = "painter"

    def build(self) -> None:
        self.space = AttributeSpace(self.data)

    def learn(self, pack: Pack) -> "Painter":
        self.numbers = {pack.images[row].tobytes(): int(pack.index[row]) for row in pack.rows("val")}
        return self

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        pixels = ((image + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
        made = [
            np.asarray(render(has.int().tolist(), self.numbers[one.tobytes()], 16))
            for one, has in zip(pixels, targets, strict=True)
        ]
        return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2) / 127.5 - 1

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        return image


class Idle(Painter):
    """Changes nothing, and gives nothing back."""

    name = "idle"

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        return image

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        return -torch.ones_like(image)


def settings_of(model: type[AttributeModel]) -> Any:
    return model.Settings(resolution=16)


def test_having_weighs_as_much_as_lacking_and_what_is_unknown_nothing() -> None:
    vectors = torch.tensor([[1.0, 0], [0, NAN], [0, 1], [0, NAN]])
    weights = _weights(vectors)
    assert torch.allclose(weights, torch.tensor([[2 / 3, 1], [2, 1]]))
    logits = torch.zeros(4, 2, requires_grad=True)
    _loss(logits, vectors, weights, are_classes=False).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.allclose(logits.grad.sum(0), torch.zeros(2), atol=1e-7), "at no opinion neither side pulls harder"
    assert (logits.grad[:, 1] != 0).tolist() == [True, False, True, False]


def test_a_classifier_that_was_kept_answers_as_before(pack: Pack, tmp_path: Path) -> None:
    few = write_attribute_pack(tmp_path, 20, 5, 16)
    first = kept_classifier(tmp_path / "classifier.safetensors", few, 1, CPU)
    again = kept_classifier(tmp_path / "classifier.safetensors", few, 2, CPU)
    images = pack.read(edited_rows(pack))[0]
    assert np.array_equal(first.recognised(images), again.recognised(images))
    assert all(one.equal(other) for one, other in zip(first.net.parameters(), again.net.parameters(), strict=True))


def test_an_encoder_of_these_images_that_was_brought_stays_and_another_one_is_replaced(
    pack: Pack, encoder: Encoder, tmp_path: Path
) -> None:
    save_encoder(encoder, tmp_path)
    kept = kept_encoder(tmp_path, pack)
    assert kept.facts == encoder.facts
    assert all(one.equal(other) for one, other in zip(kept.net.parameters(), encoder.net.parameters(), strict=True))
    few = write_attribute_pack(tmp_path / "few", 20, 5, 16)
    assert kept_encoder(tmp_path, few).facts == encoder_of(few).facts
    assert kept_encoder(tmp_path / "none", few).facts.data_hash == few.hash


def test_every_known_attribute_is_turned_around_and_classes_only_come() -> None:
    data = DataSpec(16, 1, ("a", "b"), (4, 3), ("a", "b"), ((4, 2), (2, 3)))
    vectors = torch.tensor([[1.0, 0], [0, NAN], [1, 1]])
    asked = [(place, value, chosen.tolist()) for place, value, chosen in asked_edits(AttributeSpace(data), vectors)]
    assert asked == [
        (0, 1.0, [False, True, False]),
        (0, 0.0, [True, False, True]),
        (1, 1.0, [True, False, False]),
        (1, 0.0, [False, False, True]),
    ]
    classes = AttributeSpace(DataSpec(16, 1, ("a", "b"), (4, 3)))
    found = asked_edits(classes, torch.tensor([[1.0, 0], [0, 1]]))
    assert [(place, value, chosen.tolist()) for place, value, chosen in found] == [
        (0, 1.0, [False, True]),
        (1, 1.0, [True, False]),
    ]


def test_a_perfect_edit_is_recognised_and_none_at_all_is_not(
    pack: Pack, encoder: Encoder, classifier: AttributeClassifier
) -> None:
    assert classifier.space.names == NAMES
    accuracy = classifier_accuracy(pack, classifier)
    assert accuracy.mean() > 0.85, "or the classifier could tell nothing"
    perfect = measure_edits(Painter(pack.spec(), settings_of(Painter)).learn(pack), pack, classifier, encoder, CPU)
    idle = measure_edits(Idle(pack.spec(), settings_of(Idle)), pack, classifier, encoder, CPU)
    assert perfect.rates().mean() > 0.85
    found = classifier.recognised(pack.read(edited_rows(pack))[0]) == pack.read_whole(edited_rows(pack)).attributes
    assert idle.rates() == pytest.approx(1 - found.mean(0)), "what is not changed is found where the classifier errs"
    assert idle.identity == pytest.approx(0, abs=1e-6)
    assert perfect.identity > 0.01
    assert perfect.reconstruction == 0
    dark = (pack.read(edited_rows(pack))[0] / 255).mean()
    assert idle.reconstruction == pytest.approx(dark, abs=0.01), "against images that are all black"
    assert perfect.total.tolist() == [60.0] * 6, "each of 60 images, one edit of each attribute"


def test_the_table_is_the_mean_over_attributes_and_seeds_with_an_interval(
    pack: Pack, classifier: AttributeClassifier
) -> None:
    def edits(*hits: float) -> Edits:
        return Edits(np.array(hits), np.array([10.0, 10, 10, 10, 10, 0]), 0.5, 0.25)

    accuracy = classifier_accuracy(pack, classifier)
    result = table_of(pack, accuracy, [("one", [edits(10, 0, 5, 5, 5, 0), edits(8, 2, 5, 5, 10, 0)])])
    assert result["classifier"] == accuracy.tolist()
    row = result["arts"][0]
    assert row["by_attribute"][0]["mean"] == pytest.approx(0.9)
    assert row["by_attribute"][5] == {"mean": None, "low": None, "high": None}
    assert row["average"]["mean"] == pytest.approx((0.5 + 0.6) / 2)
    low, high = row["average"]["low"], row["average"]["high"]
    assert low is not None
    assert high is not None
    # Student's t of one degree of freedom is 12.706; the standard error is 0.05, and a share is from 0 to 1
    assert (low, high) == (0, 1)
    unbounded = spread(np.array([10.5, 10.6]))
    assert (unbounded["low"], unbounded["high"]) == pytest.approx(
        (10.55 - 12.706 * 0.05, 10.55 + 12.706 * 0.05), rel=1e-3
    )
    assert row["identity"]["mean"] == 0.5
    assert result["co_occurrence"][0][:3] == [1, 0, 0], "no image is red and green"
    table = attribute_table(result)
    assert "55.0" in table
    assert "bright" in table.splitlines()[0]
    assert spread(np.array([0.3])) == {"mean": 0.3, "low": None, "high": None}


def art_of(name: str, mean: float | None, reach: float | None) -> ArtResult:
    low, high = (None, None) if reach is None or mean is None else (mean - reach, mean + reach)
    average: Spread = {"mean": mean, "low": low, "high": high}
    return {
        "name": name,
        "num_seeds": 3,
        "by_attribute": [],
        "average": average,
        "identity": average,
        "reconstruction": average,
    }


def test_the_best_is_named_only_where_no_other_interval_reaches_its_own() -> None:
    apart = [art_of("fader", 0.5, 0.05), art_of("stgan", 0.8, 0.1), art_of("icgan", 0.6, 0.05)]
    best, sentence = verdict(apart)
    assert best == "stgan"
    assert sentence == "stgan changes 80.0 % of attributes as asked (70.0 to 90.0); no other interval reaches that."
    best, sentence = verdict([*apart, art_of("attgan", 0.7, 0.01)])
    assert (best, sentence.split(":")[0]) == (None, "Not told apart")
    assert "the intervals of attgan reach it" in sentence
    best, sentence = verdict([art_of("fader", 0.5, None), art_of("stgan", 0.8, None)])
    assert best is None
    assert "of one training each nothing is said" in sentence
    assert verdict([art_of("fader", None, None)])[0] is None
    best, sentence = verdict([art_of(str(one), 0.5, 0.1) for one in range(6)])
    assert "and 2 more reach it" in sentence
    matrix = "stargan:edges=edited,edited_edges=" + "[1, 0.5]," * 400
    best, sentence = verdict([art_of(matrix, 0.8, 0.01), art_of("fader", 0.5, 0.01)])
    assert (best, len(sentence) < 200, sentence[:8]) == (matrix, True, "stargan:")
    assert len(verdict([art_of("fader", 0.5, 0.1), art_of(matrix, 0.5, 0.1)])[1]) < 250


def test_arts_are_trained_alike_and_a_study_goes_on_where_it_was_stopped(
    pack: Pack, encoder: Encoder, tmp_path: Path
) -> None:
    arts = read_arts(["stargan:condition_mode=diff", "fader"], {**SMALL, "num_critic_steps": 2})
    asked: list[str] = []

    def stop_in_the_second() -> bool:
        return asked[-1:] == ["fader"]

    def note(name: str, number: int) -> None:
        asked.append(name)

    def told(folder: Path, table: AttributeResult) -> None:
        tables.append(table)

    tables: list[AttributeResult] = []
    with pytest.raises(StopRequested):
        run_arts(tmp_path, pack, encoder, arts, 1, 1, should_stop=stop_in_the_second, on_art=note, on_measured=told)
    first = tmp_path / "arts" / "0" / "0" / "edits.json"
    before, asked[:] = first.stat().st_mtime_ns, []
    result = run_arts(tmp_path, pack, encoder, arts, 1, 1, on_art=note, on_measured=told)
    assert asked == ["fader"], "only what is missing is trained"
    assert [[art["num_seeds"] for art in table["arts"]] for table in tables] == [[1], [1, 1]], "and no table shrinks"
    assert tables[0]["arts"] == result["arts"][:1], "rows stand in the table as soon as they are measured"
    assert (tables[1]["sentence"], result["sentence"]) == ("", verdict(result["arts"])[1])
    assert first.stat().st_mtime_ns == before, "what was measured is not measured again"
    assert [art["name"] for art in result["arts"]] == ["stargan:condition_mode=diff", "fader"]
    assert json.loads((tmp_path / "result.json").read_text()) == result
    facts = [json.loads(file.read_text())["total"] for file in sorted(tmp_path.glob("arts/*/0/edits.json"))]
    assert facts[0] == facts[1]
    again = run_arts(tmp_path / "again", pack, encoder, arts, 1, 1)
    assert again == result


def test_the_classifier_is_tried_once_and_a_stop_is_heard_before_a_training(
    pack: Pack, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[AttributeClassifier] = []

    def once(pack: Pack, classifier: AttributeClassifier) -> NDArray[np.float64]:
        tried.append(classifier)
        return classifier_accuracy(pack, classifier)

    monkeypatch.setattr(attribute_study, "classifier_accuracy", once)
    arts, measured = read_arts(["fader", "stargan"], SMALL), list[Path]()
    run_arts(tmp_path, pack, encoder, arts, 1, 1, on_measured=lambda folder, table: measured.append(folder))
    assert (len(measured), len(tried)) == (2, 1)
    measured[1].joinpath("edits.json").unlink()
    begun: list[str] = []
    with pytest.raises(StopRequested):
        run_arts(
            tmp_path, pack, encoder, arts, 1, 1, should_stop=lambda: True, on_art=lambda name, _: begun.append(name)
        )
    assert begun == []


@pytest.mark.parametrize("lacking", ["condition_type=word2vec", "condition_type=gcn,edges=edited,edited_edges=[[1]]"])
def test_an_art_that_cannot_be_trained_is_refused_before_the_others_are(
    pack: Pack, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(BadSettingsError):
        run_arts(tmp_path, pack, encoder, read_arts(["fader", f"stargan:{lacking}"], SMALL), 1, 1)
    assert not (tmp_path / "arts").exists()


def test_arts_are_read_and_must_be_alike_where_it_matters() -> None:
    arts = read_arts(["stargan:condition_type=gcn,multi_task_weight=0.5", "icgan"], {"num_steps": 9, "z_dim": 7})
    assert (arts[0].settings.num_steps, arts[1].settings.num_steps) == (9, 9)
    assert arts[0].settings.model_dump()["condition_type"] == "gcn"
    assert arts[1].settings.model_dump()["z_dim"] == 7
    (moments,) = read_arts(["stargan:num_blocks=2,beta1=0.9,beta2=0.99"], {})
    assert moments.settings.model_dump().items() >= {"num_blocks": 2, "beta1": 0.9, "beta2": 0.99}.items()
    (edited,) = read_arts(["stargan:edited_edges=[[1, 0.5],[0,1]], edges=edited"], {})
    assert edited.settings.model_dump()["edited_edges"] == "[[1, 0.5], [0, 1]]"
    assert edited.settings.model_dump()["edges"] == "edited"
    assert len(read_arts(COMPARED, {})) == len(COMPARED) == 14
    for names, shared, said in (
        (["dcgan"], {}, "edits no attributes"),
        (["stargan:num_steps=5"], {}, "must be alike"),
        (["stargan:condition_mode"], {}, "has no value"),
        (["stargan", " stargan"], {}, "named twice"),
        (["stargan"], {"z_dim": 7}, "None of the arts has the setting z_dim"),
        (["stargan:condition_type=no"], {}, "condition_type"),
    ):
        with pytest.raises(BadSettingsError, match=said):
            read_arts(names, shared)


def test_the_command_compares_arts_on_a_folder_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(tmp_path / "images", dict.fromkeys(("bar", "disc"), 12), num_val=4)
    small = [f"--set={name}={value}" for name, value in SMALL.items() if name != "batch_size"]
    command = ["attribute-study", str(tmp_path / "images"), "--out", str(tmp_path / "out"), "--seeds", "2", "--quiet"]
    assert main([*command, "--arts", "fader", "stargan", *small, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["names"] == ["bar", "disc"]
    assert result["num_seeds"] == 2
    assert [art["name"] for art in result["arts"]] == ["fader", "stargan"]
    assert all(art["average"]["low"] <= art["average"]["mean"] <= art["average"]["high"] for art in result["arts"])
    assert main([*command, "--resume"]) == 0
    assert "classifier on real" in capsys.readouterr().out
    assert main([*command, "--arts", "fader"]) == 1
    assert "already holds a run" in capsys.readouterr().err
    assert main([*command[:2], "--out", str(tmp_path / "other"), "--arts", "dcgan"]) == 1
    assert "edits no attributes" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
