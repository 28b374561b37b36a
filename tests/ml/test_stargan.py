"""StarGAN: its losses and what each of them moves, its ways to tell G, and what it learns before the game."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ml.checkpoint import read_checkpoint
from ml.conditions import HeldCondition
from ml.errors import BadSettingsError
from ml.model import Batch, DataSpec
from ml.models.stargan import Stargan, StarganSettings
from ml.plugin import read_settings
from ml.train import Callbacks, train
from ml.update import Updates
from ml.word_vectors import VARIABLE
from tests.ml.rendered_attributes import write_attribute_pack

NAN = float("nan")
ATTRIBUTES = DataSpec(16, 1, ("red", "large", "none"), (3, 2, 1), ("red", "large"), ((4, 1), (1, 3)))
CLASSES = DataSpec(16, 1, ("a", "b", "c"), (3, 3, 3))
VECTORS = torch.tensor([[1.0, 0], [0, 1], [1, NAN], [0, 0]])


def build(data: DataSpec = ATTRIBUTES, **values: Any) -> Stargan:
    torch.manual_seed(0)
    return Stargan(data, read_settings(Stargan, {"resolution": 16, "batch_size": 4, "width": 8, **values})).train()


def batch(data: DataSpec = ATTRIBUTES) -> Batch:
    image = torch.linspace(-3, 3, 4 * 256).sin().view(4, 1, 16, 16)
    return Batch(image, torch.tensor([0, 1, 0, 2]), None, VECTORS if data.attributes else None)


def test_the_paper_s_weights_are_the_defaults() -> None:
    settings = StarganSettings()
    assert (settings.attribute_weight, settings.reconstruction_weight, settings.gradient_penalty_weight) == (1, 10, 10)
    assert settings.num_critic_steps == 5
    assert (settings.condition_mode, settings.condition_type, settings.multi_task_weight) == ("std", "one_hot", 0)


def test_D_learns_in_every_step_and_G_in_every_fifth() -> None:
    model = build()
    update = Updates(model, model.optimizers())
    for step in range(1, 11):
        before = {name: [p.clone() for p in getattr(model, name).parameters()] for name in ("G", "D")}
        scalars = model.training_step(batch(), update, step)
        changed = {
            name: any(not p.equal(q) for p, q in zip(getattr(model, name).parameters(), before[name], strict=True))
            for name in ("G", "D")
        }
        assert changed == {"G": step % 5 == 0, "D": True}
        assert ("loss/reconstruction" in scalars) == (step % 5 == 0)


def test_one_pass_over_real_and_fake_judges_each_image_by_itself() -> None:
    D = build().D
    first, second = torch.randn(3, 1, 16, 16), torch.randn(3, 1, 16, 16)
    together = D(torch.cat([first, second]))
    for whole, part in zip(together, D(second), strict=True):
        assert torch.allclose(whole[3:], part, atol=1e-6)
    scores, logits = together
    assert scores.shape == (6,)
    assert logits.shape == (6, 2)


@pytest.mark.parametrize("data", [ATTRIBUTES, CLASSES])
def test_with_diff_nothing_to_change_is_told_as_zeros_and_with_std_as_the_image_s_own(data: DataSpec) -> None:
    given = batch(data)
    model = build(data, condition_mode="diff")
    vectors = model.space.vectors(given)
    zeros = torch.zeros_like(vectors)
    assert model.translate(given.image, vectors, vectors).equal(model.G(given.image, zeros))
    plain = build(data)
    assert plain.translate(given.image, vectors, vectors).equal(plain.G(given.image, plain.space.filled(vectors)))


def test_the_reconstruction_tells_G_the_way_back() -> None:
    model = build(condition_mode="diff")
    given = batch()
    vectors = model.space.vectors(given)
    targets = model.space.targets(vectors, torch.ones(4, dtype=torch.int64))
    told = (targets - vectors).nan_to_num()
    result = model.translate(given.image, vectors, targets)
    assert result.equal(model.G(given.image, told))
    assert model.reconstruct(given.image, vectors, result, targets).equal(model.G(result, -told))


def test_the_attribute_loss_moves_G_to_what_is_asked_and_the_reconstruction_to_what_was_there() -> None:
    def slopes(**weights: float) -> torch.Tensor:
        model = build(**weights)
        optimizers = {name: torch.optim.SGD(getattr(model, name).parameters(), 0.0) for name in ("G", "D")}
        model.training_step(batch(), Updates(model, optimizers), 5)
        return torch.cat([p.grad.flatten() for p in model.G.parameters() if p.grad is not None])

    nothing = slopes(attribute_weight=0, reconstruction_weight=0)
    assert not torch.allclose(slopes(attribute_weight=1, reconstruction_weight=0), nothing)
    assert not torch.allclose(slopes(attribute_weight=0, reconstruction_weight=10), nothing)


def test_multi_task_learning_moves_D_s_attribute_head_alone() -> None:
    def slopes(weight: float, **edges: str) -> dict[str, torch.Tensor]:
        model = build(multi_task_weight=weight, **edges)
        optimizers = {name: torch.optim.SGD(getattr(model, name).parameters(), 0.0) for name in ("G", "D")}
        model.training_step(batch(), Updates(model, optimizers), 1)
        return {name: p.grad for name, p in model.D.named_parameters() if p.grad is not None}

    off, on = slopes(0.0), slopes(1.0)
    moved = {name for name in off if not torch.allclose(off[name], on[name], atol=1e-7)}
    assert moved == {"attributes.weight", "attributes.bias"}
    apart = json.dumps(torch.eye(len(build().space)).tolist())
    head = "attributes.weight"
    assert not torch.allclose(on[head], slopes(1.0, edges="edited", edited_edges=apart)[head], atol=1e-7)
    assert torch.equal(on[head], slopes(1.0, edited_edges=apart)[head]), "it is not asked for"


def test_word_vectors_that_are_not_supplied_are_asked_for_at_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    model = build(condition_type="word2vec")
    with pytest.raises(BadSettingsError, match=VARIABLE):
        model.training_step(batch(), Updates(model, model.optimizers()), 1)


def test_word_vectors_are_held_from_the_first_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "words.json"
    file.write_text('{"red": [1, 0, 0], "large": [0.6, 0, 0.8]}')
    monkeypatch.setenv(VARIABLE, str(file))
    model = build(condition_type="word2vec")
    model.training_step(batch(), Updates(model, model.optimizers()), 1)
    assert isinstance(model.G.condition, HeldCondition)
    rows = model.G.condition.rows()
    assert torch.allclose(rows @ rows.T, torch.tensor([[1.0, 0.6], [0.6, 1.0]]), atol=1e-6)


@pytest.mark.parametrize("kind", ["classifier_weights", "latent"])
def test_a_classifier_learns_first_then_stands_still_and_its_representation_is_held(kind: str) -> None:
    model = build(condition_type=kind, classifier_steps=8, num_steps=5)
    assert Stargan.total_steps(model.settings, ATTRIBUTES) == 13
    update = Updates(model, model.optimizers())
    assert isinstance(model.G.condition, HeldCondition)
    game = [p.clone() for p in (*model.G.parameters(), *model.D.parameters())]
    for step in range(1, 9):
        assert model.G.condition.rows().equal(torch.eye(2))
        model.training_step(batch(), update, step)
    assert all(p.equal(q) for p, q in zip((*model.G.parameters(), *model.D.parameters()), game, strict=True))
    rows, still = model.G.condition.rows().clone(), [p.clone() for p in model.C.parameters()]
    assert rows.square().sum(1).mean().item() == pytest.approx(1, abs=1e-5)
    own = model.C.attributes.weight if kind == "classifier_weights" else model.latent.rows()
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(rows[0], rows[1], 0).item() == pytest.approx(cosine(own[0], own[1], 0).item(), abs=1e-4)
    for step in range(9, 14):
        model.training_step(batch(), update, step)
    assert model.G.condition.rows().equal(rows)
    assert all(p.equal(q) for p, q in zip(model.C.parameters(), still, strict=True))


def test_latent_rows_are_the_mean_of_those_that_have_it_minus_the_mean_of_those_that_lack_it() -> None:
    latent = build(condition_type="latent").latent
    features = torch.zeros(4, 128)
    features[:, 0] = torch.tensor([1.0, 2.0, 5.0, 6.0])
    features[:, 1] = torch.tensor([1.0, 0.0, 2.0**-9, 0.0])
    with torch.autocast("cpu", torch.bfloat16):
        latent.add(features, VECTORS)
    assert latent.rows()[0, 1].item() == (1 + 2.0**-9) / 2, "in full precision"
    assert latent.rows()[:, 0].tolist() == [3.0 - 4.0, 2.0 - 3.5], "what nobody said counts for neither"


class StopAt(Callbacks):
    def __init__(self, step: int) -> None:
        self.left = step

    def should_stop(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("stop", [3, 6, 9])
@pytest.mark.parametrize(
    "values", [{"condition_type": "latent", "classifier_steps": 6}, {"condition_type": "gcn", "edges": "learned"}]
)
def test_a_training_stopped_before_within_and_after_the_first_steps_resumes_to_the_bit(
    values: dict[str, Any], stop: int, tmp_path: Path
) -> None:
    pack = write_attribute_pack(tmp_path, 24, 6, 16)
    small = {"resolution": 16, "batch_size": 4, "width": 8, "num_steps": 10, "num_checkpoints": 1, "num_previews": 1}
    settings = read_settings(Stargan, {**small, "condition_mode": "diff", "multi_task_weight": 0.5, **values})
    whole = train(Stargan, settings, pack, tmp_path / "whole", seed=1)
    part = train(Stargan, settings, pack, tmp_path / "part", seed=1, callbacks=StopAt(stop))
    assert part.step == stop
    resumed = train(Stargan, settings, pack, tmp_path / "resumed", seed=1, resume_from=part.last)
    first, second = read_checkpoint(whole.last).tensors, read_checkpoint(resumed.last).tensors
    assert first.keys() == second.keys()
    assert all(first[name].equal(second[name]) for name in first)


def test_edges_may_be_given_as_rows_and_are_refused_where_they_are_none() -> None:
    settings = read_settings(Stargan, {"edited_edges": [[1, 0.5], [0, 1]]})
    assert settings.edited_edges == "[[1, 0.5], [0, 1]]"
    with pytest.raises(BadSettingsError, match="1 on its diagonal"):
        read_settings(Stargan, {"edited_edges": "[[0.5]]"})
    with pytest.raises(BadSettingsError, match="has 3 rows and columns, and this dataset needs 2"):
        build(condition_type="gcn", edges="edited", edited_edges="[[1,0,0],[0,1,0],[0,0,1]]")
