"""What people do in a lab is noted once, with who and when, for its admins, without secrets, and never changed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.webapp.streams import text_of
from tests.webapp.test_life import built
from tests.worlds import QUICK, make_dataset
from webapp.accounts.models import Lab, Person
from webapp.accounts.services.invitations import invite, join
from webapp.core.errors import ConflictError
from webapp.core.log import Deed, forget_old, note
from webapp.core.models import LogEntry
from webapp.exports.models import Export
from webapp.exports.services.building import export_of_version, queue_export
from webapp.recipes.services import create_recipe
from webapp.upkeep.services.quotas import set_quota

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
Member = Callable[..., Person]


def told(client: APIClient, lab: Lab, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/api/v1/labs/{lab.pk}/log/", query).json()["results"]
    return rows


def deeds(lab: Lab) -> list[tuple[str, str, str, str]]:
    """The oldest first."""
    rows = LogEntry.objects.filter(lab=lab).order_by("pk")
    return list(rows.values_list("person_name", "deed", "subject", "detail"))


# --- what is noted ----------------------------------------------------------------------------------------------
def test_what_is_done_to_people_is_noted(lab: Lab, owner: Person, member: Member, client_of: ClientOf) -> None:
    client, guest = client_of(owner), member(name="Grace")
    place = f"/api/v1/labs/{lab.pk}"
    _, url = invite(lab, owner, role="viewer", email=guest.email, days=1, max_uses=1)
    join(url.partition("#")[2], guest)
    client.patch(f"{place}/members/{guest.pk}/", {"role": "reviewer"}, format="json")
    client.post(f"{place}/members/{guest.pk}/password-link/")
    client.delete(f"{place}/members/{guest.pk}/")
    client.patch(f"{place}/", {"name": "Hands"}, format="json")
    for share in (0.1, None):
        client.patch(f"{place}/", {"max_memorised_share": share}, format="json")
    set_quota(Lab.objects.get(pk=lab.pk), owner, 2**30)
    assert deeds(lab) == [
        (owner.name, "person.invited", guest.email, "as viewer"),
        ("Grace", "person.joined", "Grace", f"as viewer, invited by {owner.name}"),
        (owner.name, "role.changed", "Grace", "from viewer to reviewer"),
        (owner.name, "password_link.made", "Grace", ""),
        (owner.name, "person.removed", "Grace", "was reviewer"),
        (owner.name, "lab.renamed", "Vision lab", "now Hands"),
        (owner.name, "memorised_share.changed", "Hands", "now 10 %"),
        (owner.name, "memorised_share.changed", "Hands", "now no limit"),
        (owner.name, "quota.changed", "Hands", "now 1.0 GiB"),
    ]


def test_tokens_are_noted_by_name_and_what_they_do_by_their_name_too(
    lab: Lab, researcher: Person, client_of: ClientOf
) -> None:
    client = client_of(researcher)
    made = client.post("/api/v1/tokens/", {"name": "nightly", "lab": str(lab.pk), "scopes": ["run"]}, format="json")
    recipe = create_recipe(lab, researcher, QUICK, "Old")
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {made.json()['secret']}")
    assert program.patch(f"/api/v1/recipes/{recipe.pk}/", {"name": "New"}, format="json").status_code == 200
    client.delete(f"/api/v1/tokens/{made.json()['id']}/")
    client.delete(f"/api/v1/tokens/{made.json()['id']}/")
    assert [(deed, subject, detail) for _, deed, subject, detail in deeds(lab)] == [
        ("token.made", "nightly", "may read, run"),
        ("recipe.renamed", "Old", "now New"),
        ("token.revoked", "nightly", ""),
    ]
    assert LogEntry.objects.get(deed=Deed.RECIPE_RENAMED).token_name == "nightly"
    secret = made.json()["secret"].rpartition("_")[2]
    assert not any(secret in str(row) for row in LogEntry.objects.values())


def test_each_thing_put_away_brought_back_and_deleted_is_noted_once(
    lab: Lab, researcher: Person, client_of: ClientOf
) -> None:
    client = client_of(researcher)
    version = make_dataset(lab, train=2, val=1, test=1)
    dataset = version.dataset
    type(dataset).objects.update(created_by=researcher)
    export = built(queue_export(export_of_version(version, format="image_folder"), researcher))
    address = f"/api/v1/datasets/{dataset.pk}/"
    for body in ({"archived": True}, {"archived": True}, {"archived": False}, {"name": dataset.name}):
        client.patch(address, body, format="json")
    assert client.get(f"/api/v1/exports/{export.pk}/download/").status_code == 200
    client.delete(f"/api/v1/exports/{export.pk}/")
    client.delete(address)
    title = f"Export of {dataset.name}, version 1"
    assert [row[1:] for row in deeds(lab)] == [
        ("dataset.archived", dataset.name, ""),
        ("dataset.brought_back", dataset.name, ""),
        ("export.downloaded", title, ""),
        ("export.deleted", title, ""),
        ("dataset.deleted", dataset.name, ""),
    ]


def test_a_download_that_goes_on_is_one_download(lab: Lab, researcher: Person, client_of: ClientOf) -> None:
    client = client_of(researcher)
    version = make_dataset(lab, train=2, val=1, test=1)
    export = built(queue_export(export_of_version(version, format="image_folder"), researcher))
    address = f"/api/v1/exports/{export.pk}/download/"
    Export.objects.update(sha256="ab" * 32)
    for ranged in ("bytes=0-0", "bytes=1-1", "bytes=2-"):
        assert client.get(address, headers={"Range": ranged}).status_code == 206
    client.head(address)
    client.get(address, headers={"If-None-Match": f'"{"ab" * 32}"'})
    assert [deed for _, deed, _, _ in deeds(lab)] == ["export.downloaded"]


def test_what_is_refused_is_not_noted(lab: Lab, owner: Person, client_of: ClientOf) -> None:
    client = client_of(owner)
    client.delete(f"/api/v1/labs/{lab.pk}/members/{owner.pk}/")
    client.patch(f"/api/v1/labs/{lab.pk}/members/{owner.pk}/", {"role": "viewer"}, format="json")
    _, url = invite(lab, owner, role="viewer", email="", days=1, max_uses=1)
    with pytest.raises(ConflictError):
        join(url.partition("#")[2], owner)
    assert [deed for _, deed, _, _ in deeds(lab)] == ["person.invited"]


# --- who reads it, and how --------------------------------------------------------------------------------------
def test_the_log_is_paged_and_filtered_by_person_and_deed(
    lab: Lab, owner: Person, researcher: Person, client_of: ClientOf
) -> None:
    for number in range(5):
        note(lab.pk, owner, Deed.LAB_RENAMED, f"name {number}")
    note(lab.pk, researcher, Deed.RUN_DELETED, "a run")
    note(lab.pk, None, Deed.QUOTA_CHANGED, "lab")
    client = client_of(owner)
    page = client.get(f"/api/v1/labs/{lab.pk}/log/?limit=4").json()
    rest = client.get(page["next"]).json()
    assert [row["subject"] for row in page["results"]] == ["lab", "a run", "name 4", "name 3"]
    assert ([row["subject"] for row in rest["results"]], rest["next"]) == (["name 2", "name 1", "name 0"], None)
    assert {row["subject"] for row in told(client, lab, person=str(researcher.pk))} == {"a run"}
    assert [row["subject"] for row in told(client, lab, deed="quota.changed")] == ["lab"]
    assert client.get(f"/api/v1/labs/{lab.pk}/log/?deed=sneezed").status_code == 400


def test_admins_and_owners_read_it_and_nobody_else(
    lab: Lab, researcher: Person, outsider: Person, member: Member, client_of: ClientOf
) -> None:
    for path in ("log/", "log.csv"):
        address = f"/api/v1/labs/{lab.pk}/{path}"
        answers = [client_of(one).get(address).status_code for one in (member(lab, "admin"), researcher, outsider)]
        assert answers == [200, 403, 404], path


def test_an_entry_says_the_same_when_the_person_is_gone(lab: Lab, owner: Person, member: Member) -> None:
    left = member(lab, "researcher", name="Grace")
    note(lab.pk, left, Deed.RUN_DELETED, "a run")
    left.delete()
    entry = LogEntry.objects.get()
    assert (entry.person_id, entry.person_name) == (None, "Grace")


@pytest.mark.django_db(transaction=True)
def test_the_table_for_a_spreadsheet_holds_all_and_runs_nothing(
    lab: Lab, owner: Person, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.accounts.selectors.LOG_ROWS_AT_ONCE", 2)
    for number in range(3):
        note(lab.pk, owner, Deed.RUN_DELETED, f"=run({number})")
    answer = client_of(owner).get(f"/api/v1/labs/{lab.pk}/log.csv")
    lines = text_of(answer).splitlines()
    assert lines[0] == '"at","person","token","deed","subject","detail"'
    assert [line.split(",")[4] for line in lines[1:]] == [f'"\'=run({number})"' for number in (2, 1, 0)]


# --- never changed, and forgotten in time -----------------------------------------------------------------------
def test_an_entry_is_never_changed(lab: Lab, owner: Person) -> None:
    note(lab.pk, owner, Deed.RUN_DELETED, "a run")
    entry = LogEntry.objects.get()
    entry.subject = "another run"
    with pytest.raises(TypeError, match="never changed"):
        entry.save()


def test_entries_go_when_their_time_is_over(lab: Lab, owner: Person, settings: Any) -> None:
    settings.LOG_KEPT_DAYS = 10
    for days in (11, 9):
        note(lab.pk, owner, Deed.RUN_DELETED, f"{days} days ago")
        LogEntry.objects.filter(subject=f"{days} days ago").update(at=timezone.now() - timedelta(days=days))
    settings.LOG_KEPT_DAYS = 0
    forget_old()
    assert LogEntry.objects.count() == 2
    settings.LOG_KEPT_DAYS = 10
    forget_old()
    assert [entry.subject for entry in LogEntry.objects.all()] == ["9 days ago"]
