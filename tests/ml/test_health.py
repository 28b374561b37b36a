"""The judge on sequences made by hand, and the vital signs on real images."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from ml.encoder_training import train_encoder
from ml.features import Encoder, split_features
from ml.health import Judge, changes
from ml.images import Pixels
from ml.judgement import Code, Judgement
from ml.losses import ADVERSARIAL, UNCOMPARED
from ml.metric import ImageSet
from ml.model import Model
from ml.models.dcgan import Dcgan
from ml.pack import Pack, write_pack
from ml.plugin import read_settings, shelf
from ml.vitals import Labels, Overfitting, Vitals, VitalSigns, overfitting_of
from tests.ml.tiny_data import SHAPES, write_images

NUM_STEPS = 1000
ALL = [1.2, 1.1, 0.9, 0.8]
"""How the variety of a class goes in a training that is well."""


def judge(game: str | None = "non_saturating", **settings: Any) -> Judge:
    return Judge(read_settings(Dcgan, settings), game, NUM_STEPS)


def hear(
    one: Judge,
    step: int,
    variety: Mapping[str, float] | None = None,
    overfitting: Overfitting | None = None,
    best_step: int | None = None,
    **scalars: float,
) -> dict[str, Judgement]:
    """What holds after a checkpoint; scalars: `loss_D` for `loss/D`."""
    if scalars:
        one.note({path.replace("_", "/"): value for path, value in scalars.items()})
    judgements = one.hear(step, Vitals(overfitting, variety or {}), best_step or step)
    return {judgement.code: judgement for judgement in judgements if judgement.until is None}


def kinds(judgement: Judgement) -> list[str]:
    return [action["kind"] for action in judgement.actions]


# --- variety ------------------------------------------------------------------------------------------------------
def test_a_generator_that_begins_uniform_and_is_wild_before_it_settles_is_well() -> None:
    one = judge()
    told = [hear(one, 50 * (at + 1), {"cat": value}) for at, value in enumerate([0.05, 0.12, 0.35, 0.55, 1.7, *ALL])]
    assert told == [{}] * len(told)


def test_a_class_that_collapses_is_named_with_its_step_and_with_what_it_was() -> None:
    one = judge()
    for step, cat in zip((100, 200, 300), (0.1, 0.9, 0.8), strict=True):
        assert hear(one, step, {"cat": cat, "dog": 0.9}) == {}
    assert hear(one, 400, {"cat": 0.3, "dog": 0.8}, best_step=300).keys() == {"collapse"}
    found = hear(one, 500, {"cat": 0.2, "dog": 0.9}, best_step=300)["collapse"]
    assert (found.since, found.until) == (400, None)
    assert "The images of cat have become alike" in found.message
    assert "they vary 20 % as much as real ones, and varied 90 % as much at step 200" in found.message
    assert "dog" not in found.message
    assert kinds(found)[:2] == ["finish", "stop"]


def test_where_every_class_collapses_none_is_listed_but_the_worst() -> None:
    one = judge()
    names = [f"class {number}" for number in range(8)]
    hear(one, 100, dict.fromkeys(names, 0.9))
    found = hear(one, 200, {name: 0.01 * (number + 1) for number, name in enumerate(names)})["collapse"]
    assert found.message.startswith("The images of every class have become alike: those of class 0 vary 1 %")
    few = {name: 0.01 if number < 7 else 0.9 for number, name in enumerate(names)}
    assert "class 4 and 2 more have become alike" in hear(one, 300, few)["collapse"].message


def test_the_best_checkpoint_is_no_way_back_when_it_is_this_one() -> None:
    one = judge()
    hear(one, 100, {"cat": 0.9})
    assert "finish" not in kinds(hear(one, 200, {"cat": 0.1}, best_step=200)["collapse"])


def test_a_judgement_that_no_longer_holds_says_when_it_ended_and_asks_for_nothing() -> None:
    one = judge()
    hear(one, 100, {"cat": 0.9})
    hear(one, 200, {"cat": 0.1})
    assert hear(one, 300, {"cat": 0.38}).keys() == {"collapse"}, "at the bound it is not yet varied again"
    assert hear(one, 400, {"cat": 0.6}) == {}
    (over,) = one.hear(500, Vitals(None, {"cat": 0.7}), 500)
    assert (over.code, over.since, over.until, over.actions) == ("collapse", 200, 400, ())
    assert hear(one, 600, {"cat": 0.1})["collapse"].since == 600
    assert len(one.judgements) == 1, "the newer one stands in the place of the one that is over"


def test_a_class_that_never_was_varied_is_named_only_when_training_should_have_brought_more() -> None:
    one = judge()
    assert hear(one, 100, {"cat": 0.02, "dog": 0.5}) == hear(one, 300, {"cat": 0.03, "dog": 0.6}) == {}
    assert hear(one, 500, {"cat": 0.03, "dog": 0.7}, best_step=500) == {}, "the generator still comes on"
    found = hear(one, 600, {"cat": 0.03, "dog": 0.7}, best_step=500)["no_variety"]
    assert found.since == 100
    assert "The images of cat are alike and never were varied: they vary 3 % as much" in found.message


def test_a_class_whose_variety_still_rises_is_given_time() -> None:
    one = judge()
    for step, cat in ((300, 0.03), (500, 0.05), (700, 0.08), (900, 0.15)):
        assert hear(one, step, {"cat": cat}, best_step=100) == {}


# --- overfitting --------------------------------------------------------------------------------------------------
def test_overfitting_is_said_when_it_is_beyond_chance_with_a_word_on_few_images() -> None:
    one = judge()
    assert hear(one, 100, overfitting=Overfitting(0.55, 0.1, 200)) == {}
    found = hear(one, 200, overfitting=Overfitting(0.8, 0.1, 200))["overfitting"]
    assert found.since == 200
    assert "80 %" in found.message
    assert "hint" not in found.message
    assert hear(one, 250, overfitting=Overfitting(0.35, 0.1, 200)).keys() == {"overfitting"}, "it does not flicker"
    found = hear(one, 300, overfitting=Overfitting(0.9, 0.1, 12))["overfitting"]
    assert found.since == 200
    assert "Only 12 validation images were asked about: take it as a hint." in found.message
    assert hear(one, 400, overfitting=Overfitting(0.2, 0.1, 200)) == hear(one, 500, overfitting=None) == {}


@pytest.mark.parametrize(
    ("validation", "value"),
    [(4.0, 0.0), (2.0, 0.5), (0.0, 1.0), (-2.0, 1.5)],
    ids=["as train", "half", "fake", "worse"],
)
def test_overfitting_is_the_share_of_the_gap_that_holds_for_training_images_alone(
    validation: float, value: float
) -> None:
    spread = np.linspace(-0.5, 0.5, 40)
    found = overfitting_of(4.0 + spread, validation + spread, 0.0 + spread)
    assert found is not None
    assert (found.value, found.num_val) == (pytest.approx(value), 40)
    assert 0 < found.error < 0.1
    scaled = overfitting_of(10 * (4.0 + spread) - 3, 10 * (validation + spread) - 3, 10 * spread - 3)
    assert scaled is not None
    assert scaled.value == pytest.approx(value)


def test_a_D_that_cannot_tell_is_not_asked_whether_it_overfits() -> None:
    spread = np.linspace(-0.5, 0.5, 40)
    assert overfitting_of(spread, spread - 1, spread + 0.01) is None
    assert overfitting_of(spread, spread - 1, spread + 2) is None


# --- losses -------------------------------------------------------------------------------------------------------
def test_D_has_won_when_it_stays_sure_and_G_gains_nothing() -> None:
    one = judge()
    assert hear(one, 100, loss_D=0.25, loss_G=2.5, score_real=2.3, score_fake=-2.3) == {}
    assert hear(one, 200, loss_D=0.03, loss_G=5.0, score_real=5.0, score_fake=-5.0) == {}
    found = hear(one, 300, loss_D=0.01, loss_G=7.0, score_real=6.0, score_fake=-7.0)["won"]
    assert found.since == 300
    assert "its loss is 0.01, 1 % of what it is" in found.message
    assert hear(one, 400, loss_D=0.01, loss_G=6.0, score_real=5.5, score_fake=-6.0) == {}, "G gains ground"


def test_a_game_whose_loss_has_no_floor_is_never_won() -> None:
    one = judge("wgan_gp")
    for step in (100, 200, 300):
        assert hear(one, step, loss_D=-50.0, loss_G=float(step), score_real=step + 50.0, score_fake=-step) == {}


def test_losses_that_grow_without_bound_are_said_before_they_are_no_numbers() -> None:
    one = judge()
    assert hear(one, 100, loss_D=1.0, loss_G=2.0) == {}
    found = hear(one, 200, loss_D=1.0, loss_G=4e4)["diverging"]
    assert "loss/G has grown to 4e+04, from 2;" in found.message
    wide = judge("wgan_gp")
    assert hear(wide, 100, score_real=900.0) == hear(wide, 200, score_real=1500.0) == {}, "a scale of its own"


def test_a_mean_over_all_steps_counts_and_not_the_last_one() -> None:
    one = judge()
    one.note({"loss/D": 8e4})
    hear(one, 100)
    for value in (1.0, 1.0, 2e4):
        one.note({"loss/D": value})
    one.hear(200, Vitals(None, {}), None)
    assert one.means == {"loss/D": pytest.approx(20002 / 3)}


def test_D_is_asked_only_where_its_scores_set_real_above_fake() -> None:
    assert judge("wgan_gp").asks_D
    assert not judge("began").asks_D
    assert not judge(None).asks_D


# --- what it remembers --------------------------------------------------------------------------------------------
def test_a_judge_made_from_the_memory_of_another_goes_on_as_it_would() -> None:
    readings: list[tuple[float, float, float]] = [
        (0.1, 0.2, 0.9),
        (0.9, 0.9, 0.02),
        (0.3, 0.8, 0.01),
        (0.2, 0.9, 0.01),
        (0.7, 0.1, 0.5),
    ]

    def told(forgets: bool) -> list[Any]:
        one, answers = judge(), []
        for place, (cat, over, loss) in enumerate(readings):
            values = {"loss_D": loss, "loss_G": 1.0 / loss, "score_real": 1.0, "score_fake": -1.0 / loss}
            hear(one, 100 * (place + 1), {"cat": cat}, Overfitting(over, 0.01, 99), 100, **values)
            one.note({"loss/D": 5.0})
            answers.append([judgement.told() for judgement in one.judgements])
            if forgets:
                one = Judge(one.settings, one.game, NUM_STEPS, json.loads(json.dumps(one.memory())))
        return answers

    assert told(forgets=True) == told(forgets=False)
    assert {judgement["code"] for answer in told(False) for judgement in answer} >= {"collapse", "overfitting"}


# --- what to do ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(shelf("models", Model)))
@pytest.mark.parametrize("code", get_args(Code))
def test_every_change_is_a_setting_of_the_model_that_is_not_so_and_goes_with_the_others(name: str, code: Code) -> None:
    model = shelf("models", Model)[name]
    settings = read_settings(model, {})
    for _ in range(5):
        found = changes(settings, model.game(settings), code)
        assert len({setting for setting, _ in found}) == len(found) <= 3
        for setting, value in found:
            assert getattr(settings, setting) != value
            read_settings(model, {**settings.model_dump(), setting: value})
        settings = read_settings(model, {**settings.model_dump(), **dict(found)})


@pytest.mark.parametrize("name", sorted(shelf("models", Model)))
def test_every_model_whose_D_gives_scores_says_which_game_they_come_from(name: str) -> None:
    model = shelf("models", Model)[name]
    settings = read_settings(model, {})
    game = model.game(settings)
    assert (game is None) == ("realism" not in model.available_scores(settings))
    assert game in {None, *ADVERSARIAL, *UNCOMPARED}
    assert Dcgan.game(read_settings(Dcgan, {"loss": "began"})) == "began"


def test_a_rate_far_above_what_the_model_is_made_for_is_the_first_thing_to_change() -> None:
    settings = read_settings(Dcgan, {"learning_rate_D": 0.05})
    assert changes(settings, "non_saturating", "collapse")[0] == ("learning_rate_D", 1e-3)
    assert changes(read_settings(Dcgan, {}), "non_saturating", "overfitting")[:2] == [
        ("augmentation", "colour,translation"),
        ("learning_rate_D", 5e-4),
    ]


# --- vital signs --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, Encoder, ImageSet]:
    folder = tmp_path_factory.mktemp("vitals")
    records = write_images(folder / "source", dict.fromkeys(SHAPES, 20), num_val=8)
    pack = write_pack(records, list(SHAPES), folder / "pack", 16)
    encoder = train_encoder(pack, 1, torch.device("cpu"))
    return pack, encoder, split_features(encoder, pack, "train", folder)


def signs_and_images(
    world: tuple[Pack, Encoder, ImageSet], collapsed: Sequence[str] = ()
) -> tuple[VitalSigns, Pixels, Labels]:
    """Signs of a generator that draws validation and training images again, the first of a class for collapsed ones."""
    pack, _, train = world
    signs = VitalSigns(pack, train, np.arange(30, dtype=np.int64) % len(SHAPES), 5)
    rows = [np.flatnonzero(pack.label == number) for number in range(len(SHAPES))]
    shown = [
        rows[label][0 if SHAPES[label] in collapsed else place % len(rows[label])]
        for place, label in enumerate(signs.label)
    ]
    return signs, pack.images[np.array(shown)], signs.label


def test_variety_is_about_one_for_real_images_and_nothing_for_one_image(world: tuple[Pack, Encoder, ImageSet]) -> None:
    signs, images, _ = signs_and_images(world, collapsed=["disc"])
    vitals = signs.take(images, world[1].encode(images)[0], None)
    assert vitals.overfitting is None
    assert vitals.worst() == ("disc", pytest.approx(0.0, abs=1e-3))
    assert vitals.variety["bar"] == pytest.approx(1.0, abs=0.35)
    assert vitals.scalars().keys() == {"health/variety", "health/least_variety"}


def test_rare_classes_are_shown_some_more_and_hopeless_ones_not_at_all(world: tuple[Pack, Encoder, ImageSet]) -> None:
    pack, _, train = world
    common = np.array([0] * 80 + [1] * 10, np.int64)
    signs = VitalSigns(pack, train, common, 5)
    assert np.bincount(signs.label, minlength=3).tolist() == [80, 24, 24]
    scarce = ImageSet(train.features[:45], train.label[:45], train.probabilities[:45])
    assert np.bincount(VitalSigns(pack, scarce, common, 5).label, minlength=3).tolist()[:2] == [80, 24]
    assert VitalSigns(pack, scarce, common, 5).real[2] is None


def test_D_is_asked_about_as_many_images_of_each_class_in_all_three_sets(world: tuple[Pack, Encoder, ImageSet]) -> None:
    signs, images, _ = signs_and_images(world)
    asked: list[tuple[Pixels, Labels]] = []

    def realism(pixels: Pixels, labels: Labels) -> Any:
        asked.append((pixels, labels))
        return np.linspace(0, 1, len(labels)) - 3 * len(asked)

    vitals = signs.take(images, world[1].encode(images)[0], realism)
    assert vitals.overfitting is not None
    assert (vitals.overfitting.value, vitals.overfitting.num_val) == (pytest.approx(0.5), 24)
    pack = world[0]
    train, val = set(pack.rows("train").tolist()), set(pack.rows("val").tolist())
    assert set(signs.train_rows.tolist()) <= train
    assert set(signs.val_rows.tolist()) == val
    for rows in (signs.train_rows, signs.val_rows):
        assert pack.label[rows].tolist() == asked[0][1].tolist()
    assert [labels.tolist() for _, labels in asked] == [asked[0][1].tolist()] * 3


def test_without_validation_images_D_is_not_asked(tmp_path: Path, world: tuple[Pack, Encoder, ImageSet]) -> None:
    records = [row for row in write_images(tmp_path / "source") if row.split == "train"]
    pack = write_pack(records, list(SHAPES), tmp_path / "pack", 16)
    signs = VitalSigns(pack, world[2], np.arange(30, dtype=np.int64) % 3, 5)
    images = pack.images[np.zeros(len(signs.label), np.int64)]
    vitals = signs.take(images, world[1].encode(images)[0], lambda pixels, labels: np.zeros(len(labels)))
    assert vitals.overfitting is None
