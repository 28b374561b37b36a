"""How attributes are represented where a generator is told them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml.attributes import AttributeSpace
from ml.conditions import HeldCondition, condition_for, in_own_span, words_of
from ml.edges import read_edges
from ml.errors import BadSettingsError
from ml.layers.graph_convolution import AttributeGraph, GraphConvolution, row_normalised
from ml.model import DataSpec
from ml.word_vectors import VARIABLE, words_in

SPACE = AttributeSpace(DataSpec(16, 1, ("a", "b"), (6, 2), ("a", "b"), ((6, 2), (2, 4))))
M = [[1, 1 / 3], [0.5, 1]]


def test_one_hot_tells_the_vector_itself_and_co_occurrence_adds_what_comes_with_it() -> None:
    v = torch.tensor([[1.0, 0.0], [-1.0, 1.0]])
    assert condition_for("one_hot", SPACE)(v).equal(v)
    told = condition_for("co_occurrence", SPACE)(v)
    size = ((1 + 1 / 9 + 1 / 4 + 1) / 2) ** 0.5
    expected = torch.tensor([M[0], [M[1][0] - M[0][0], M[1][1] - M[0][1]]]) / size
    assert torch.allclose(told, expected)


def test_longer_rows_keep_their_lengths_and_angles_in_as_many_numbers_as_there_are_attributes() -> None:
    rows = torch.randn(5, 300, generator=torch.Generator().manual_seed(0))
    turned = in_own_span(rows)
    assert turned.shape == (5, 5)
    assert turned.square().sum(1).mean().item() == pytest.approx(1, abs=1e-5)
    factor = turned[0].norm() / rows[0].norm()
    assert torch.allclose(turned @ turned.T, rows @ rows.T * factor**2, atol=1e-5)
    assert in_own_span(torch.eye(3)).equal(torch.eye(3))


def test_fewer_features_than_attributes_leave_zeros() -> None:
    rows = torch.randn(4, 2)
    turned = in_own_span(rows)
    assert turned.shape == (4, 4)
    assert not turned[:, 2:].any()


def test_what_is_held_is_part_of_the_state() -> None:
    condition = condition_for("classifier_weights", SPACE)
    assert isinstance(condition, HeldCondition)
    assert condition.rows().equal(torch.eye(2)), "until there is a classifier"
    condition.hold(torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 5.0]]))
    assert torch.allclose(condition.rows().square().sum(1), torch.ones(2))
    again = condition_for("classifier_weights", SPACE)
    again.load_state_dict(condition.state_dict())
    assert again.rows().equal(condition.rows())


# --- the graph -------------------------------------------------------------------------------------------------------
def test_a_graph_convolution_mixes_nodes_along_row_normalised_edges() -> None:
    layer = GraphConvolution(2, 1)
    layer.weight.data = torch.tensor([[2.0], [10.0]])
    edges = row_normalised(torch.tensor(M))
    assert torch.allclose(edges, torch.tensor([[0.75, 0.25], [1 / 3, 2 / 3]]))
    # of node a three quarters its own 2 and a quarter of b's 10; of b a third of a's and two thirds its own
    assert torch.allclose(layer(torch.eye(2), edges), torch.tensor([[4.0], [2 / 3 + 20 / 3]]))


def test_edges_that_are_learnt_begin_as_the_given_ones_and_take_gradients() -> None:
    fixed, learned = AttributeGraph(torch.tensor(M), 4, False), AttributeGraph(torch.tensor(M), 4, True)
    assert torch.allclose(learned.edges(), fixed.edges(), atol=1e-6)
    assert not [name for name, _ in fixed.named_parameters() if name == "thickness"]
    learned().square().sum().backward()  # type: ignore[no-untyped-call]
    assert learned.thickness is not None
    assert learned.thickness.grad is not None
    assert learned.thickness.grad.abs().sum() > 0


def test_the_graph_s_rows_multiply_the_vector_and_learn_from_what_is_made_of_them() -> None:
    torch.manual_seed(0)
    condition = condition_for("gcn", SPACE)
    rows = condition.rows()
    assert rows.square().sum(1).mean().item() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(condition(torch.tensor([[-1.0, 1.0]]))[0], rows[1] - rows[0], atol=1e-6)
    before = [parameter.clone() for parameter in condition.parameters()]
    optimizer = torch.optim.SGD(condition.parameters(), 0.1)
    condition(torch.tensor([[1.0, 0.0]]))[0, 0].backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    assert all(not now.equal(then) for now, then in zip(condition.parameters(), before, strict=True))


def test_attributes_that_the_graph_makes_alike_are_told_apart_from_the_start_and_after_a_load() -> None:
    torch.manual_seed(0)
    condition = condition_for("gcn", SPACE, "edited", "[[1, 1], [1, 1]]")
    alike = condition.get_submodule("graph")()
    assert torch.allclose(alike[0], alike[1]), "the edges mix them up wholly"
    assert torch.allclose(condition.rows(), torch.eye(2), atol=1e-5)
    optimizer = torch.optim.SGD(condition.parameters(), 0.1)
    condition(torch.tensor([[1.0, 0.0]]))[0, 1].backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    again = condition_for("gcn", SPACE, "edited", "[[1, 1], [1, 1]]")
    again.load_state_dict(condition.state_dict())
    assert again.rows().equal(condition.rows())
    assert not torch.allclose(again.rows(), torch.eye(2), atol=1e-3)


def test_edited_edges_take_the_place_of_the_co_occurrence() -> None:
    def edges(**settings: Any) -> list[list[float]]:
        condition = condition_for("gcn", SPACE, **settings)
        found: list[list[float]] = condition.get_submodule("graph").edges().tolist()  # type: ignore[operator]
        return found

    assert edges(edges="edited", edited="[[1, 0], [0, 1]]") == [[1, 0], [0, 1]]
    assert edges(edges="edited") == edges() != [[1, 0], [0, 1]]
    with pytest.raises(BadSettingsError, match=r"has 1 rows .* needs 2, one of each for a, b;"):
        condition_for("gcn", SPACE, "edited", "[[1]]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[1, 2", "no JSON"),
        ("[" * 20_000, "no JSON"),
        ("[[1, 0.5]]", "as many rows as columns"),
        ("[[1, 7], [0, 1]]", "from 0 to 1"),
        ("[[1, 0], [0, 0.5]]", "1 on its diagonal"),
        ('{"a": 1}', "as many rows as columns"),
        ("[[1, null], [0, 1]]", "from 0 to 1"),
        ("[[1, NaN], [0, 1]]", "from 0 to 1"),
    ],
)
def test_edges_that_are_none_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_edges(text)


# --- words -----------------------------------------------------------------------------------------------------------
def test_a_name_of_several_words_is_the_mean_of_their_directions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "words.json"
    file.write_text(json.dumps({"black": [2, 0, 0], "hair": [0, 3, 0], "young": [0, 0, 1]}))
    monkeypatch.setenv(VARIABLE, str(file))
    space = AttributeSpace(DataSpec(16, 1, ("Black_Hair", "young"), (1, 1)))
    assert words_of(space).tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    file.write_text(json.dumps({"black": [2, 0], "hair": [2, 0], "young": [0, 1]}))
    assert words_of(space).tolist() == [[1, 0], [0, 1]], "a file that was changed is read anew"


def test_missing_words_are_named_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = AttributeSpace(DataSpec(16, 1, ("Grey_Hair", "bald", "12"), (1, 1, 1)))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(BadSettingsError, match=f"set {VARIABLE}"):
        words_of(space)
    file = tmp_path / "words.json"
    monkeypatch.setenv(VARIABLE, str(file))
    with pytest.raises(BadSettingsError, match="cannot be read"):
        words_of(space)
    file.write_text('{"hair": [1, 2]}')
    with pytest.raises(BadSettingsError, match="has no vectors of 12, bald, grey, of which"):
        words_of(space)
    file.write_text('{"hair": [1, 2], "grey": [1], "bald": [1, 0], "12": [1, 0]}')
    with pytest.raises(BadSettingsError, match="different lengths"):
        words_of(space)
    file.write_text('{"hair": [0, 0], "grey": [1, 1], "bald": [1, 0], "12": [1, 0]}')
    with pytest.raises(BadSettingsError, match="no finite numbers for 'hair'"):
        words_of(space)
    file.write_text("[]")
    with pytest.raises(BadSettingsError, match="no JSON object"):
        words_of(space)


def test_names_are_taken_apart_into_words() -> None:
    assert words_in("Mouth_Slightly_Open") == ["mouth", "slightly", "open"]
    assert words_in("rosyCheeks 5") == ["rosy", "cheeks", "5"]
    assert words_in("Müde") == ["müde"]
    assert np.array(words_in("_-")).size == 0
