"""The shapes of the API as types; written by client/write_shapes.py from openapi.json, never by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired

AcceptTargetStateEnum = Literal["active", "met", "exhausted", "ended"]

Better = Literal["lower", "higher", "towards 1"]

BlindAnswer = Literal["real", "synthetic"]

CancelOrRetry = Literal["cancel", "retry"]

ChannelsEnum = Literal["auto", "grey", "colour"]

DeedEnum = Literal["person.invited", "invitation.revoked", "person.joined", "person.removed", "role.changed", "password_link.made", "person.shut_out", "person.let_in", "token.made", "token.revoked", "lab.made", "lab.renamed", "quota.changed", "memorised_share.changed", "webhook.set", "webhook.removed", "webhook_secret.changed", "dataset.renamed", "dataset.archived", "dataset.brought_back", "dataset.deleted", "version.deleted", "run.renamed", "run.archived", "run.brought_back", "run.deleted", "study.renamed", "study.archived", "study.brought_back", "study.deleted", "recipe.renamed", "recipe.archived", "recipe.brought_back", "recipe.deleted", "export.justified", "export.renamed", "export.archived", "export.brought_back", "export.deleted", "export.downloaded"]

DeliveryState = Literal["waiting", "delivered", "failed"]

EditState = Literal["queued", "making", "interrupted", "finished", "failed", "cancelled"]

ExportContent = Literal["both", "real", "synthetic"]

ExportState = Literal["queued", "building", "interrupted", "ready", "failed", "expired"]

FitEnum = Literal["crop", "pad", "stretch"]

FoundNoun = Literal["dataset", "recipe", "run", "study"]

HealthActionKindEnum = Literal["stop", "finish", "change"]

IngestOutcome = Literal["accepted", "duplicate", "skipped", "failed"]

IssuesEnum = Literal["dark", "light", "blurry", "low_information", "odd_aspect_ratio", "odd_size", "grayscale", "near_duplicates"]

MapViewName = Literal["pca", "tsne"]

NumImagesEnum = Literal[20, 50, 100]

PartEnum = Literal["generators", "children", "arts"]

PieceNounEnum = Literal["run", "version", "selection", "edit", "study", "export"]

Role = Literal["viewer", "reviewer", "researcher", "admin", "owner"]

RunState = Literal["queued", "preparing", "training", "generating", "scoring", "selecting", "finished", "stopping", "stopped", "failed", "cancelled", "interrupted"]

Scope = Literal["review", "upload", "run", "export"]

ScopeEnum = Literal["method", "pools"]

SelectionState = Literal["queued", "selecting", "interrupted", "finished", "failed", "cancelled"]

Stage = Literal["prepare", "train", "generate", "score", "select"]

Standing = Literal["undecided", "accepted", "rejected"]

StoredThingNounEnum = Literal["dataset", "run", "study", "export"]

StudyActionsEnum = Literal["stop", "resume", "cancel"]

StudyAnswer = Literal["helped", "no_evidence", "hurt"]

StudyQuestion = Literal["benefit", "attributes"]

StudyState = Literal["queued", "running", "finished", "stopped", "failed", "cancelled", "interrupted"]

UploadState = Literal["receiving", "complete", "expired"]

VerdictValue = Literal["accept", "reject"]

VersionState = Literal["queued", "ingesting", "interrupted", "ready", "rejected"]

WayEnum = Literal["generate", "continue", "reuse"]


class AcceptTarget(TypedDict):
    "So many more accepted samples; until then further candidates are drawn."

    id: str
    pool: str
    state: AcceptTargetStateEnum
    classes: dict[str, Countdown]
    max_drawn: int
    num_drawn: int
    drawing: str | None
    runs: list[str]
    reason: str
    created_by: str | None
    created_at: str


class Act(TypedDict):
    "What one request changed; undone together."

    act: str
    num_accepted: int
    num_rejected: int
    num_changed: int
    samples: list[Decided]


class ActionData(TypedDict):
    "What to do about a judgement: stop, finish with the best checkpoint, or run again with one setting changed."

    kind: Literal["stop", "finish", "change"]
    setting: str | None
    value: bool | int | float | str | None


class Agreement(TypedDict):
    "How far the reviewers of a pool agree."

    num_disputed: int
    pairs: list[PairAgreement]


class AnswerRequest(TypedDict):
    "What an image is taken for."

    answer: BlindAnswer


class ArmProgress(TypedDict):
    "Children of an arm that are trained, and how well they do on validation images."

    arm: str
    num_done: int
    val_balanced_accuracy: float


class ArmResult(TypedDict):
    "One way to train, tested. Accuracies and recalls are shares of the test images."

    name: str
    is_synthetic: bool
    num_generators: int
    num_children: int
    val_balanced_accuracy: float
    balanced_accuracy: EstimateOfSeeds
    accuracy: EstimateOfSeeds
    recall: dict[str, float]
    ece: float
    duration_s: float
    gain: Gain | None
    gan_test: EstimateOfSeeds | None
    equals_more_real: int | None


class ArtResult(TypedDict):
    "One way to edit attributes: shares of edits after which the classifier finds what was asked for."

    name: str
    num_seeds: int
    by_attribute: list[Spread]
    average: Spread
    identity: Spread
    reconstruction: Spread


class AttributeBalance(TypedDict):
    "How many images have an attribute, lack it, or do not say."

    name: str
    has: int
    lacks: int
    unknown: int


class AttributeResult(TypedDict):
    "The table as far as it is measured; best and sentence come when it is whole."

    names: list[str]
    co_occurrence: list[list[float]]
    num_held_out: int
    num_seeds: int
    classifier: list[float | None]
    arts: list[ArtResult]
    best: str | None
    sentence: str


class AttributeStudyParts(TypedDict):
    "What an attribute study is made of."

    schema: dict[str, Any]
    shared_schema: dict[str, Any]
    arts: list[PublishedArt]


class AttributesTogether(TypedDict):
    "How often training images have two attributes at once."

    attributes: list[str]
    images: list[int]
    matrix: list[list[float | None]]


class Bar(TypedDict):
    "How many images lie between two values; the upper one is not included."

    low: int
    high: int
    images: int


class BlindResult(TypedDict):
    "What a finished test showed. Who cannot tell real from synthetic is right half of the time."

    hit_rate: HitRate
    by_class: dict[str, HitRate]
    table: TruthTable
    trials: list[Trial]


class BlindTest(TypedDict):
    "A person tells real training images from samples of a pool."

    id: str
    pool: str
    person: str
    selection: int | None
    num_images: int
    created_at: str
    finished_at: str | None
    answered: dict[str, Literal["real", "synthetic"]]
    result: BlindResult | None


class BlindTests(TypedDict):
    "The blind tests of a pool."

    unfinished: str | None
    people: People | None
    finished: list[FinishedBlindTest]


class Card(TypedDict):
    "What a person reads before choosing a plug-in."

    title: str
    summary: str
    authors: str
    paper: str
    venue: str
    url: str
    strengths: str
    limits: str
    labels: str


class Catalogue(TypedDict):
    "All shelves, each in alphabetical order."

    models: list[ModelPlugin]
    samplers: list[SamplerPlugin]
    metrics: list[MetricPlugin]
    dataset_kinds: list[DatasetKindPlugin]
    export_formats: list[ExportFormatPlugin]
    compute: dict[str, Any]
    study: StudyParts
    attribute_study: AttributeStudyParts


class ChangedData(TypedDict):
    state: RunState
    stop_requested: bool
    cancel_requested: bool
    finish_requested: bool
    attempts: int
    error_code: str
    error_message: str


class Charts(TypedDict):
    "How images spread; each chart obeys the filters but its own, so that its other bars stay in sight."

    images: int
    classes: dict[str, dict[str, int]]
    brightness: list[Bar]
    side: list[Bar]
    attributes: list[AttributeBalance]


class Checkpoint(TypedDict):
    "A state of the training that is on disk."

    step: int
    sha256: str
    size_bytes: int
    is_best: bool
    created_at: str


class CheckpointedData(TypedDict):
    step: int
    sha256: str
    size_bytes: int
    is_best: bool


class Child(TypedDict):
    "A run that starts from a checkpoint of this one."

    id: str
    name: str
    model: str
    dataset_name: str
    version_number: int
    state: RunState
    created_at: str
    way: WayEnum
    step: int
    seed: int


class Choice(TypedDict):
    "What one selection decided about a sample."

    selection: str
    number: int
    sampler: str
    kept: bool
    rank: int | None
    reason: str


class ChoiceRequest(TypedDict):
    "Some images by their index, and whole classes."

    images: NotRequired[list[int]]
    classes: NotRequired[list[str]]


class ClassStandings(TypedDict):
    "How many samples of one class the lab has decided about."

    accepted: int
    rejected: int


Column = TypedDict("Column", {"class": "str", "seed": "int"})


class Compute(TypedDict):
    "How a run is computed; it belongs to the run, not to the recipe. What is left out has its default."

    micro_batch: int | None
    devices: int | None
    compile: bool
    cuda_graphs: bool


class ComputeRequest(TypedDict):
    "How a run is computed; it belongs to the run, not to the recipe. What is left out has its default."

    micro_batch: NotRequired[int | None]
    devices: NotRequired[int | None]
    compile: NotRequired[bool]
    cuda_graphs: NotRequired[bool]


class Conflict(TypedDict):
    "Settings that mean nothing together: all of `when` have a value named there, and none of `unless` has."

    at: str
    sentence: str
    when: dict[str, list[Any]]
    unless: dict[str, list[Any]]


class Countdown(TypedDict):
    "How far one class is."

    wanted: int
    accepted: int
    missing: int
    undecided: int
    judged: int


class CountsBudget(TypedDict):
    "A number for each class; a class left out gets none."

    kind: Literal["counts"]
    counts: dict[str, int]


class CountsBudgetRequest(TypedDict):
    "A number for each class; a class left out gets none."

    kind: Literal["counts"]
    counts: dict[str, int]


class CreatedInvitation(TypedDict):
    "A new invitation, with its link: this is the only time it is shown."

    id: str
    role: Role
    email: str | str
    max_uses: int
    times_used: int
    made_by: str | None
    created_at: str
    expires_at: str
    url: str


class CreatedToken(TypedDict):
    "A new token, with its full text: this is the only time it is shown."

    id: str
    name: str
    key_id: str
    scopes: list[Scope]
    lab: str | None
    lab_name: str | None
    created_at: str
    expires_at: str
    last_used_at: str | None
    secret: str


class Crew(TypedDict):
    "Everybody who works for the service, on whatever machine."

    workers: list[Worker]
    queues: list[WorkQueue]


class CurvePoint(TypedDict):
    "Real training images, and what the best arm without a generator makes of them."

    num_real: int
    balanced_accuracy: float


class Dataset(TypedDict):
    "A dataset with its versions, the newest first."

    id: str
    lab: str
    name: str
    kind: str
    created_by: str | None
    created_at: str
    archived_at: str | None
    versions: list[DatasetVersion]


class DatasetImage(TypedDict):
    "One real image."

    index: int
    name: str
    label: str
    split: str
    sha256: str
    width: int
    height: int
    is_grey: bool
    size_bytes: int
    near: int | None
    issues: list[IssuesEnum]
    brightness: float | None
    sharpness: float | None
    entropy: float | None
    thumbnail: str
    original: str
    pair: OtherHalf | None
    attributes: str


class DatasetImagePage(TypedDict):
    "One page of a list."

    results: list[DatasetImage]
    next: str | None
    previous: str | None


class DatasetKindPlugin(TypedDict):
    "A layout on disk that can be read in."

    name: str
    card: Card
    schema: dict[str, Any]
    conflicts: list[Conflict]
    yields: list[str]


class DatasetPage(TypedDict):
    "One page of a list."

    results: list[Dataset]
    next: str | None
    previous: str | None


class DatasetVersion(TypedDict):
    "An immutable version of a dataset, and how its ingest went."

    id: str
    dataset: str
    number: int
    base: int | None
    state: VersionState
    progress: IngestProgress | None
    outcomes: dict[str, int]
    classes: list[str]
    attributes: list[str]
    kind: str
    recognised: str
    counts: dict[str, dict[str, int]]
    num_images: int
    size_bytes: int
    content_hash: str
    near_duplicates: NearDuplicates | None
    health: VersionHealth | None
    source_name: str
    error: Fault | None
    created_at: str
    started_at: str | None
    finished_at: str | None


class Decided(TypedDict):
    "A sample after an act."

    id: int
    verdict: VerdictValue | None
    rating: int | None
    starred: bool
    standing: Standing
    disputed: bool
    mean_rating: float | None


class Deletion(TypedDict):
    "What would go."

    parts: list[Part]
    dependents: list[Part]
    size_bytes: int
    made_by_others: bool


class Delivery(TypedDict):
    "One piece of news, and what became of it."

    id: str
    event: str
    subject: str
    body: str
    state: DeliveryState
    attempts: int
    status: int | None
    answer: str
    created_at: str
    due_at: str
    ended_at: str | None


class DeliveryPage(TypedDict):
    "One page of a list."

    results: list[Delivery]
    next: str | None
    previous: str | None


class Device(TypedDict):
    "A GPU, as its driver told of it."

    name: str
    memory_bytes: int | None
    used_bytes: int | None
    busy: int | None


class Difference(TypedDict):
    "How a version differs from another one; images are the same when their bytes are."

    other: int
    added: int
    removed: int
    relabelled: int
    moved: int
    unchanged: int


class Duration(TypedDict):
    "How long a run of one model takes once a worker has it."

    duration_s: float | None
    duration_from: str


class Edit(TypedDict):
    "One real image with every combination of some attributes."

    id: str
    run: str
    image: int
    attributes: list[str]
    checkpoint_sha256: str
    state: EditState
    created_by: str | None
    created_at: str
    finished_at: str | None
    error: Fault | None
    actions: list[CancelOrRetry]
    sheet: EditSheet | None


class EditChances(TypedDict):
    "How probable each attribute is in each tile, 0 to 1; the tile of the image itself is the last."

    model: list[list[float]]
    encoder: list[list[float | None]]


class EditChanged(TypedDict):
    "An edit was queued, started, finished, failed or cancelled; when it is finished, its sheet can be read."

    type: Literal["edit.changed"]
    seq: int | None
    ts: str
    edit: str
    data: EditChangedData


class EditChangedData(TypedDict):
    state: EditState
    error_code: str
    error_message: str


class EditRow(TypedDict):
    "One real image with every combination of some attributes, without what is on its sheet."

    id: str
    run: str
    image: int
    attributes: list[str]
    checkpoint_sha256: str
    state: EditState
    created_by: str | None
    created_at: str
    finished_at: str | None
    error: Fault | None
    actions: list[CancelOrRetry]


class EditSheet(TypedDict):
    "What is on a sheet. After the tiles of all combinations one more shows the image itself, as the model sees it."

    attributes: list[str]
    are_classes: bool
    combinations: list[list[int]]
    current: list[int | None]
    excludes: list[list[int]]
    tile: int
    columns: int
    chances: EditChances


class Error(TypedDict):
    "Every error has this shape."

    code: str
    message: str
    fields: dict[str, list[str]]


class Estimate(TypedDict):
    "What a run would make, and how long it would take once a worker has it."

    num_candidates: int
    budget: dict[str, int]
    duration_s: float | None
    stages_s: dict[str, float] | None
    duration_from: str


class EstimateOfSeeds(TypedDict):
    "A mean over seeds with its 95 % interval; without one where seeds are too few."

    mean: float
    low: float | None
    high: float | None


class Export(TypedDict):
    "An augmented dataset being built or ready to download."

    id: str
    name: str
    selection: str | None
    run: str | None
    run_name: str | None
    version: str
    version_number: int
    dataset: str
    dataset_name: str
    format: str
    content: ExportContent
    accepted_only: bool
    max_ratio: float | None
    memorised_reason: str
    state: ExportState
    progress: ExportProgress
    num_real: int
    num_synthetic: int
    size_bytes: int
    estimated_bytes: int
    expires_at: str | None
    sha256: str
    file_name: str
    download_url: str | None
    created_by: str | None
    created_at: str
    finished_at: str | None
    archived_at: str | None
    error: Fault | None


class ExportChanged(TypedDict):
    "An export was queued, moved on (`current` of `max` images), or is ready to download."

    type: Literal["export.changed"]
    seq: int | None
    ts: str
    export: str
    data: ExportChangedData


class ExportChangedData(TypedDict):
    state: ExportState
    current: int
    max: int
    size_bytes: int
    error_code: str
    error_message: str


class ExportEstimate(TypedDict):
    "What an export would hold now, and what it takes at most."

    num_real: int
    real: dict[str, dict[str, int]]
    synthetic: dict[str, int]
    left_out: dict[str, int]
    num_memorised: int
    refusal: str
    size_bytes: int


class ExportFormatPlugin(TypedDict):
    "A layout in which an augmented dataset is written."

    name: str
    card: Card
    schema: dict[str, Any]
    conflicts: list[Conflict]
    suffix: str
    splits: list[str]
    layout: list[str]


class ExportPage(TypedDict):
    "One page of a list."

    results: list[Export]
    next: str | None
    previous: str | None


class ExportProgress(TypedDict):
    "Images written so far."

    current: int
    max: int


class Fault(TypedDict):
    "Why a piece of work ended without its result."

    code: str
    message: str


class FillToBudget(TypedDict):
    "As many as every class lacks to a number of real and synthetic images together."

    kind: Literal["fill_to"]
    count: int


class FillToBudgetRequest(TypedDict):
    "As many as every class lacks to a number of real and synthetic images together."

    kind: Literal["fill_to"]
    count: int


class FillToLargestBudget(TypedDict):
    "As many as every class lacks to the size of the largest one."

    kind: Literal["fill_to_largest"]


class FillToLargestBudgetRequest(TypedDict):
    "As many as every class lacks to the size of the largest one."

    kind: Literal["fill_to_largest"]


class FilterRequest(TypedDict):
    "Which samples of a pool are meant; what is left out asks nothing."

    label: NotRequired[str]
    standing: NotRequired[Standing]
    memorised: NotRequired[bool | None]
    disputed: NotRequired[bool | None]
    selection: NotRequired[str]
    kept: NotRequired[bool | None]
    score: NotRequired[str]
    low: NotRequired[float]
    high: NotRequired[float]
    rating_from: NotRequired[float]
    rating_to: NotRequired[float]
    starred: NotRequired[bool | None]
    area: NotRequired[str]


class FinishedBlindTest(TypedDict):
    "A finished test in a list."

    id: str
    person: str
    finished_at: str | None
    hit_rate: HitRate


class ForetoldYield(TypedDict):
    "What one sampler would keep: the recipe's own with its settings, another with its defaults."

    sampler: str
    kept: int | None
    least: int | None
    most: int | None
    is_certain: bool
    num_selections: int
    told_from: str


class ForetoldYields(TypedDict):
    "All samplers side by side."

    asked: int
    num_candidates: int
    samplers: list[ForetoldYield]


class ForgottenRequest(TypedDict):
    "Whose password was forgotten."

    email: str


class Found(TypedDict):
    "A dataset, saved recipe, run or study."

    noun: FoundNoun
    id: str
    name: str
    about: str
    created_at: str
    is_archived: bool


class FoundPage(TypedDict):
    "One page of a list."

    results: list[Found]
    next: str | None
    previous: str | None


class Gain(TypedDict):
    "Balanced accuracy beyond the best arm without a generator, with the same child seeds."

    mean: float
    low: float | None
    high: float | None
    answer: StudyAnswer | None


class Health(TypedDict):
    "What was judged of the training at the last measured checkpoint."

    step: int
    best_step: int | None
    judgements: list[Judgement]


class HealthAction(TypedDict):
    "What to do about a judgement: stop, finish with the best checkpoint, or run again with one setting changed."

    kind: HealthActionKindEnum
    setting: str | None
    value: Any


class History(TypedDict):
    "Stored events in order. When the last one's `seq` is below `last_seq`, ask again from there."

    results: list[LiveEvent]
    last_seq: int


class HitRate(TypedDict):
    "Right answers; low and high bound Wilson's 95 % interval."

    num_right: int
    num_images: int
    share: float
    low: float
    high: float


class ImageIndices(TypedDict):
    "The indices of all images that match."

    indices: list[int]


class IngestFile(TypedDict):
    "What became of one file of the source."

    id: int
    name: str
    outcome: IngestOutcome
    reason: str


class IngestProgress(TypedDict):
    "Files read so far, of all."

    current: int
    max: int


class IngestReportPage(TypedDict):
    "One page of a list."

    results: list[IngestFile]
    next: str | None
    previous: str | None


class Invitation(TypedDict):
    "An invitation by which somebody can still join; its link is not kept."

    id: str
    role: Role
    email: str | str
    max_uses: int
    times_used: int
    made_by: str | None
    created_at: str
    expires_at: str


class Invited(TypedDict):
    "What a link invites to."

    lab_name: str
    role: Role
    email: str
    made_by: str | None
    expires_at: str


class JudgedData(TypedDict):
    step: int
    best_step: int | None
    judgements: list[JudgementData]


class Judgement(TypedDict):
    "Something that goes wrong in training, or did."

    code: str
    message: str
    since: int
    until: int | None
    actions: list[HealthAction]


class JudgementData(TypedDict):
    "Something that goes wrong in training, or did. `until` is the step at which it no longer held."

    code: str
    message: str
    since: int
    until: int | None
    actions: list[ActionData]


class KeyRequest(TypedDict):
    "What stands behind the # of a link."

    key: str


class Keys(TypedDict):
    "What differs from the pages' own keys; an empty object is the pages' own."

    keys: dict[str, str]


class KeysRequest(TypedDict):
    "What differs from the pages' own keys; an empty object is the pages' own."

    keys: dict[str, str]


class Lab(TypedDict):
    "A lab, with the role that the person has in it."

    id: str
    name: str
    role: Role


class LabDetail(TypedDict):
    "A lab and how many are in it."

    id: str
    name: str
    created_at: str
    num_members: int
    max_memorised_share: float | None


class LabNameRequest(TypedDict):
    "What a lab shall be called."

    name: str


class LabToken(TypedDict):
    "A member's token that is good for one lab alone, as its admins see it; never its secret."

    id: str
    name: str
    key_id: str
    person: str
    person_name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str
    last_used_at: str | None


class LinkTest(TypedDict):
    "A mark by which the page knows its event again: `link.tested` on the channel `person` carries it."

    mark: str


class LinkTestRequest(TypedDict):
    "A mark by which the page knows its event again: `link.tested` on the channel `person` carries it."

    mark: str


class LinkTested(TypedDict):
    "The answer to a person who asked whether events arrive; it came the way that every event comes."

    type: Literal["link.tested"]
    seq: int | None
    ts: str
    person: str
    data: LinkTestedData


class LinkTestedData(TypedDict):
    mark: str


class LogEntry(TypedDict):
    "One thing that somebody did; names are as they were then."

    id: int
    at: str
    person: str | None
    person_name: str
    token_name: str
    deed: DeedEnum
    subject: str
    detail: str


class LogPage(TypedDict):
    "One page of a list."

    results: list[LogEntry]
    next: str | None
    previous: str | None


class LoginRequest(TypedDict):
    "An e-mail address and its password."

    email: str
    password: str


class MapView(TypedDict):
    "One way to lay the images out."

    name: MapViewName
    real: Places
    samples: Places


class Measured(TypedDict):
    "One metric. `value` is null when it refused, and `caution` then says why."

    value: float | None
    low: float | None
    high: float | None
    num_real: int
    num_synthetic: int
    parts: dict[str, MeasuredPart]
    per_class: dict[str, float]
    details: dict[str, Any]
    caution: str


class MeasuredData(TypedDict):
    values: dict[str, Measured]


class MeasuredPart(TypedDict):
    "A number that a metric's value is made of or read beside, with its 95 % interval."

    value: float
    low: float
    high: float


class Measurement(TypedDict):
    "One metric. `value` is null when it refused, and `caution` then says why."

    value: float | None
    low: float | None
    high: float | None
    num_real: int
    num_synthetic: int
    parts: dict[str, MeasurementPart]
    per_class: dict[str, float]
    details: dict[str, Any]
    caution: str


class MeasurementPart(TypedDict):
    "A number that a metric's value is made of or read beside."

    value: float
    low: float
    high: float


class Member(TypedDict):
    "Somebody in a lab."

    id: str
    name: str
    email: str | None
    role: Role
    is_active: bool


class Memory(TypedDict):
    "What a run takes at its peak, and what the machine of the service has free for it now; in bytes."

    needed_bytes: int
    available_bytes: int
    device: str
    fits: bool
    largest_batch_size: int | None
    sentence: str


class MetricPlugin(TypedDict):
    "A measure."

    name: str
    card: Card
    schema: dict[str, Any]
    conflicts: list[Conflict]
    unit: str
    better: Better


class ModelPlugin(TypedDict):
    "A published generative method."

    name: str
    card: Card
    schema: dict[str, Any]
    conflicts: list[Conflict]
    family: str
    consumes: list[str]
    also_consumes: dict[str, list[str]]
    min_classes: int
    domains: list[str]
    provides: dict[str, str | None]
    edits: bool
    shaping: dict[str, Literal["value", "zero"]]


class MultipleBudget(TypedDict):
    "A multiple of the real training images of each class."

    kind: Literal["multiple"]
    factor: float


class MultipleBudgetRequest(TypedDict):
    "A multiple of the real training images of each class."

    kind: Literal["multiple"]
    factor: float


class NearDuplicates(TypedDict):
    "Groups of near duplicates, the images in them, and the images that were left out because of them."

    groups: int
    images: int
    left_out: int


class Neighbour(TypedDict):
    "A training image that lies near a sample."

    index: int
    distance: float
    label: str
    thumbnail_url: str


class NewBlindTestRequest(TypedDict):
    "Which images are mixed."

    num_images: NumImagesEnum
    selection: NotRequired[str | None]


class NewDatasetRequest(TypedDict):
    "A dataset to be made from a complete upload."

    lab: str
    name: str
    kind: NotRequired[str]
    upload: str


class NewEditRequest(TypedDict):
    "Which image, and what to change; the first few where nothing is named."

    image: int
    attributes: NotRequired[list[str]]


class NewExportRequest(TypedDict):
    "What the export shall hold: what a selection kept, or a dataset version as it is."

    selection: NotRequired[str]
    version: NotRequired[str]
    name: NotRequired[str]
    format: NotRequired[str]
    content: NotRequired[ExportContent]
    accepted_only: NotRequired[bool]
    max_ratio: NotRequired[float | None]
    memorised_reason: NotRequired[str]


class NewImportRequest(TypedDict):
    "Synthetic images of another model, as a complete upload: class folders in a zip, or files with metadata."

    version: str
    upload: str
    model_name: str
    note: NotRequired[str]
    licence: NotRequired[str]
    name: NotRequired[str]
    resolution: NotRequired[int]
    fit: NotRequired[FitEnum]
    channels: NotRequired[ChannelsEnum]
    sampler: NotRequired[str]
    sampler_settings: NotRequired[dict[str, Any]]
    budget: BudgetRequest
    seed: NotRequired[int]


class NewInvitationRequest(TypedDict):
    "Whom to invite, and as what."

    role: Role
    email: NotRequired[str | str]
    days: NotRequired[int]
    max_uses: NotRequired[int]


class NewLink(TypedDict):
    "A link to hand over: this is the only time it is shown."

    url: str
    expires_at: str


class NewPasswordRequest(TypedDict):
    "A password, twice: the one so far and the one from now on."

    old_password: str
    password: str


class NewRecipeRequest(TypedDict):
    "A recipe to be saved."

    model: str
    model_settings: NotRequired[dict[str, Any]]
    sampler: str
    sampler_settings: NotRequired[dict[str, Any]]
    budget: BudgetRequest
    pool_factor: NotRequired[float]
    seed: NotRequired[int]
    name: NotRequired[str]


class NewRunRequest(TypedDict):
    "A run to be started: give either a recipe, or the id of a saved one of the same lab."

    version: str
    recipe: NotRequired[NewRecipeRequest]
    recipe_id: NotRequired[str]
    name: NotRequired[str]
    start: NotRequired[StartRequest]
    compute: NotRequired[ComputeRequest]


class NewSelectionRequest(TypedDict):
    "What to choose by; the pool stays as it is and nothing is trained."

    sampler: str
    sampler_settings: NotRequired[dict[str, Any]]
    budget: BudgetRequest
    seed: NotRequired[int]


class NewStudyRequest(TypedDict):
    "A study to be started."

    version: str
    question: NotRequired[StudyQuestion]
    model: NotRequired[str]
    model_settings: NotRequired[dict[str, Any]]
    pools: NotRequired[list[str]]
    arms: list[str]
    settings: NotRequired[dict[str, Any]]
    name: NotRequired[str]
    run: NotRequired[str | None]


class NewTargetRequest(TypedDict):
    "How many more are needed."

    wanted: dict[str, int]
    factor: NotRequired[int]


class NewTokenRequest(TypedDict):
    "What a token shall be."

    name: str
    scopes: NotRequired[list[Scope]]
    lab: NotRequired[str | None]
    days: NotRequired[int]


class NewVerdictRequest(TypedDict):
    "What a person says of a sample; what is left out stays as it is."

    value: NotRequired[VerdictValue | None]
    reason: NotRequired[str]
    rating: NotRequired[int]
    starred: NotRequired[bool | None]


class NewVerdictsRequest(TypedDict):
    "The same verdict on many samples, named by `ids` or by `filter`."

    value: NotRequired[VerdictValue | None]
    reason: NotRequired[str]
    rating: NotRequired[int]
    starred: NotRequired[bool | None]
    ids: NotRequired[list[int]]
    filter: NotRequired[FilterRequest]


class NewVersionRequest(TypedDict):
    "Images of a complete upload alone, or those of a version of the dataset with what is to differ; or both."

    upload: NotRequired[str]
    base: NotRequired[str]
    exclude: NotRequired[ChoiceRequest]
    relabel: NotRequired[list[RelabelRequest]]
    resplit: NotRequired[ResplitRequest]


class NewWebhook(TypedDict):
    "The webhook as it was set."

    url: str | None
    set_by: str | None
    set_at: str | None
    allowed_hosts: list[str]
    secret: str | None


class Notice(TypedDict):
    "Whether the person who asks is mailed when the run ends."

    can_mail: bool
    is_wished: bool


class OpenUpload(TypedDict):
    "An upload of the person's own of which nothing was made yet."

    id: str
    lab: str
    file_name: str
    size_bytes: int
    offset: int
    state: UploadState
    created_at: str
    expires_at: str


class OpenUploadPage(TypedDict):
    "One page of a list."

    results: list[OpenUpload]
    next: str | None
    previous: str | None


class Origin(TypedDict):
    "Who made the images of a run that only imported them."

    name: str
    note: str
    licence: str
    file_name: str
    outcomes: dict[str, int]


class OtherHalf(TypedDict):
    "The half A of a pair."

    name: str
    thumbnail: str
    original: str


class PairAgreement(TypedDict):
    "Two reviewers, on the samples that both accepted or rejected; low and high bound 95 % intervals."

    first: str
    second: str
    num_both: int
    num_agree: int
    share: float
    share_low: float
    share_high: float
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None


class Parent(TypedDict):
    "The checkpoint that a run starts from."

    run: Relative
    way: WayEnum
    step: int
    sha256: str


class Part(TypedDict):
    "So many rows of one kind."

    noun: str
    count: int


class PatchedAccessRequest(TypedDict):
    "Whether somebody may log in."

    is_active: NotRequired[bool]


class PatchedChangeRequest(TypedDict):
    "Another name, or put away and brought back; what is left out stays."

    name: NotRequired[str]
    archived: NotRequired[bool]


class PatchedLabChangeRequest(TypedDict):
    "What shall change about a lab."

    name: NotRequired[str]
    max_memorised_share: NotRequired[float | None]


class PatchedMemberRoleRequest(TypedDict):
    "The role a member shall have."

    role: NotRequired[Role]


class PatchedOwnNameRequest(TypedDict):
    "What others shall see."

    name: NotRequired[str]


class PatchedQuotaRequest(TypedDict):
    "What the lab may store; null leaves it to the service's own setting."

    quota_bytes: NotRequired[int | None]


class People(TypedDict):
    "The mean of people's hit rates, each person once; low and high: Student's 95 % interval, of two on."

    num_people: int
    mean: float
    low: float | None
    high: float | None


class PerClassBudget(TypedDict):
    "The same number for every class."

    kind: Literal["per_class"]
    count: int


class PerClassBudgetRequest(TypedDict):
    "The same number for every class."

    kind: Literal["per_class"]
    count: int


class Person(TypedDict):
    id: str
    name: str
    email: str
    is_staff: bool
    keys: dict[str, str]


class Piece(TypedDict):
    "What a worker works on; of labs that the person is not in, only that it does."

    noun: PieceNounEnum
    id: str | None
    name: str | None
    lab: str
    state: str
    started_at: str | None


class Places(TypedDict):
    "Images on the plane, as columns: the same place in each list is one image."

    keys: list[int]
    labels: list[int]
    x: list[int]
    y: list[int]


class Point(TypedDict):
    "The values logged at one step."

    step: int
    values: dict[str, float]


class Pool(TypedDict):
    "All candidates a run generated."

    id: str
    run: str
    run_name: str
    lab: str
    version: str
    classes: list[str]
    class_counts: dict[str, int]
    resolution: int
    channels: int
    num_samples: int
    num_memorised: int
    num_accepted: int
    num_rejected: int
    num_disputed: int
    score_names: list[str]
    views: list[str]
    checkpoint_sha256: str
    created_at: str
    standings: dict[str, ClassStandings]
    selections: list[Selection]
    has_map: bool


class PoolCreated(TypedDict):
    "The pool can be reviewed."

    type: Literal["pool.created"]
    seq: int | None
    ts: str
    run: str
    data: PoolCreatedData


class PoolCreatedData(TypedDict):
    pool: str
    selection: str
    num_samples: int


class PoolMap(TypedDict):
    "Training images and samples as the in-domain encoder sees them. Of many a fixed part is on the map."

    num_real: int
    num_samples: int
    views: list[MapView]


class PoolTarget(TypedDict):
    "What a pool is reviewed for."

    target: AcceptTarget | None


class Preview(TypedDict):
    "One row of the sample wall, a PNG of square tiles side by side."

    step: int
    url: str
    tile: int
    columns: list[PreviewColumn]
    num_columns: int


PreviewColumn = TypedDict("PreviewColumn", {"class": "str", "seed": "int"})


class PreviewedData(TypedDict):
    step: int
    url: str
    tile: int
    columns: list[Column]
    num_columns: int


class Problem(TypedDict):
    "One thing that is wrong with an input."

    code: str
    message: str
    field: str


class ProgressedData(TypedDict):
    stage: str
    step: int
    num_steps: int
    images_per_s: float | None
    eta_s: float | None
    device: str
    points: list[Point]


class Provenance(TypedDict):
    "Where a sample comes from: enough to make it again."

    run: str
    run_name: str
    recipe: Recipe
    dataset_name: str
    version: str
    version_number: int
    content_hash: str
    checkpoint_sha256: str
    device: str
    origin: Origin | None
    file_name: str
    remake: str | None


class PublishedArt(TypedDict):
    "A way to edit attributes that is compared in print, or stands beside those that are."

    line: str
    title: str
    summary: str


class Queue(TypedDict):
    "Everything that this service computes or is to compute, in the order in which it starts."

    results: list[QueueEntry]
    at_work_per_person: int
    waiting_per_person: int


class QueueEntry(TypedDict):
    "A run at work or waiting. Of another lab's, only that it is there is told."

    run: RunListItem | None
    is_own: bool
    state: RunState
    position: int | None
    starts_in_s: float | None
    left_s: float | None
    over_limit: bool


class Quota(TypedDict):
    "What the lab may store; null leaves it to the service's own setting."

    quota_bytes: int | None


class Recipe(TypedDict):
    "A saved recipe; it is never changed, so that a run can be repeated."

    id: str
    lab: str
    number: int
    name: str
    model: str
    model_settings: dict[str, Any]
    sampler: str
    sampler_settings: dict[str, Any]
    budget: Budget
    pool_factor: float
    seed: int
    created_by: str | None
    created_at: str
    archived_at: str | None


class RecipeDetail(TypedDict):
    "A saved recipe, and what came of it."

    id: str
    lab: str
    number: int
    name: str
    model: str
    model_settings: dict[str, Any]
    sampler: str
    sampler_settings: dict[str, Any]
    budget: Budget
    pool_factor: float
    seed: int
    created_by: str | None
    created_at: str
    archived_at: str | None
    num_runs: int


class RecipePage(TypedDict):
    "One page of a list."

    results: list[RecipeDetail]
    next: str | None
    previous: str | None


class Refusal(TypedDict):
    "Why there is no subscription, in the shape of an error."

    channel: str
    id: str | None
    code: str
    message: str


class RegistrationRequest(TypedDict):
    "An account to be made with an invitation."

    key: str
    name: str
    email: str
    password: str


class RelabelRequest(TypedDict):
    "The images that get one label."

    images: NotRequired[list[int]]
    classes: NotRequired[list[str]]
    label: str


class Relative(TypedDict):
    "A run beside another one: what it is called, and how one starts from the other."

    id: str
    name: str
    model: str
    dataset_name: str
    version_number: int
    state: RunState
    created_at: str


class Report(TypedDict):
    "What a sampler says of itself, by name; empty where it says nothing."

    values: dict[str, float]
    curves: dict[str, list[list[float]]]


class ResetRequest(TypedDict):
    "A new password, with the key of a link."

    key: str
    password: str


class ResplitRequest(TypedDict):
    "All splits drawn anew."

    seed: NotRequired[int]
    fractions: NotRequired[list[float]]


class ResumeRunRequest(TypedDict):
    "What is to be otherwise from the last checkpoint on."

    compute: NotRequired[ComputeRequest]


class Run(TypedDict):
    "A run with everything but its history."

    id: str
    lab: str
    name: str
    state: RunState
    stop_requested: bool
    cancel_requested: bool
    finish_requested: bool
    dataset: str
    dataset_name: str
    version: str
    version_number: int
    model: str
    sampler: str
    recipe_number: int
    step: int
    num_steps: int
    stage_progress: float
    images_per_s: float | None
    eta_s: float | None
    device: str
    size_bytes: int
    archived_at: str | None
    error: Fault | None
    last_heard_s: float | None
    queue_position: int | None
    starts_in_s: float | None
    over_limit: bool
    actions: list[str]
    pool: str | None
    created_by: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    num_classes: int
    recipe: Recipe
    preview_requested: bool
    compute: Compute
    smaller_micro_batch: int | None
    attempts: int
    metrics: dict[str, Measurement]
    warnings: list[RunWarning]
    health: Health | None
    stages_done: list[Stage]
    can_edit: bool
    origin: Origin | None
    start: Parent | None
    children: list[Child]
    last_seq: int


class RunChanged(TypedDict):
    "The run entered another state, or somebody asked for it."

    type: Literal["run.changed"]
    seq: int | None
    ts: str
    run: str
    data: ChangedData


class RunCheckpointed(TypedDict):
    "Training was saved; whatever happens from here on, it continues from this step."

    type: Literal["run.checkpointed"]
    seq: int | None
    ts: str
    run: str
    data: CheckpointedData


class RunEdits(TypedDict):
    "What can be edited with a run, and its edits, the newest first."

    names: list[str]
    are_classes: bool
    most: int
    code: str
    refusal: str
    edits: list[EditRow]


class RunFile(TypedDict):
    "What became of one file of an import."

    name: str
    outcome: IngestOutcome
    reason: str
    index: int | None


class RunFilePage(TypedDict):
    "One page of a list."

    results: list[RunFile]
    next: str | None
    previous: str | None


class RunJudged(TypedDict):
    "The health of the training at a measured checkpoint; it replaces what was judged before."

    type: Literal["run.judged"]
    seq: int | None
    ts: str
    run: str
    data: JudgedData


class RunListItem(TypedDict):
    "A run, as a list shows it."

    id: str
    lab: str
    name: str
    state: RunState
    stop_requested: bool
    cancel_requested: bool
    finish_requested: bool
    dataset: str
    dataset_name: str
    version: str
    version_number: int
    model: str
    sampler: str
    recipe_number: int
    step: int
    num_steps: int
    stage_progress: float
    images_per_s: float | None
    eta_s: float | None
    device: str
    size_bytes: int
    archived_at: str | None
    error: Fault | None
    last_heard_s: float | None
    queue_position: int | None
    starts_in_s: float | None
    over_limit: bool
    actions: list[str]
    pool: str | None
    created_by: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None


class RunMeasured(TypedDict):
    "The metrics of the synthetic images."

    type: Literal["run.measured"]
    seq: int | None
    ts: str
    run: str
    data: MeasuredData


class RunPage(TypedDict):
    "One page of a list."

    results: list[RunListItem]
    next: str | None
    previous: str | None


class RunPreviewed(TypedDict):
    "A new row of the sample wall."

    type: Literal["run.previewed"]
    seq: int | None
    ts: str
    run: str
    data: PreviewedData


class RunProgressed(TypedDict):
    "Where the stage is, at most twice a second. Stored when it carries points; none of them is ever lost."

    type: Literal["run.progressed"]
    seq: int | None
    ts: str
    run: str
    data: ProgressedData


class RunSnapshot(TypedDict):
    "The answer to a subscription: everything up to `seq`; the events that follow continue from there."

    type: Literal["run.snapshot"]
    seq: int | None
    ts: str
    run: str
    data: Run


class RunSwept(TypedDict):
    "The sheet of one code of the trained model: the code moves, everything else stands still."

    type: Literal["run.swept"]
    seq: int | None
    ts: str
    run: str
    data: SweptData


class RunWarned(TypedDict):
    "Something a person should know that does not stop the run."

    type: Literal["run.warned"]
    seq: int | None
    ts: str
    run: str
    data: WarnedData


class RunWarning(TypedDict):
    "Something a person should know that did not stop the run."

    code: str
    message: str


class Said(TypedDict):
    "What a person said of a sample, before or after a change."

    value: VerdictValue | None
    reason: str
    rating: int | None


class Sample(TypedDict):
    "One candidate, as the gallery shows it."

    id: int
    index: int
    label: str
    seed: str
    source: int | None
    standing: Standing
    memorised: bool
    disputed: bool
    scores: dict[str, float]
    nearest_distance: float | None
    verdict: VerdictValue | None
    rating: int | None
    starred: bool
    mean_rating: float | None
    kept: bool | None
    rank: int | None
    reason: str
    image_url: str


class SampleDetail(TypedDict):
    "One candidate with everything known of it."

    id: int
    index: int
    label: str
    seed: str
    source: int | None
    standing: Standing
    memorised: bool
    disputed: bool
    scores: dict[str, float]
    nearest_distance: float | None
    verdict: VerdictValue | None
    rating: int | None
    starred: bool
    mean_rating: float | None
    kept: bool | None
    rank: int | None
    reason: str
    image_url: str
    pool: str
    nearest: list[Neighbour]
    verdicts: list[Verdict]
    choices: list[Choice]
    provenance: Provenance


class SamplePage(TypedDict):
    "One page of a list."

    results: list[Sample]
    next: str | None
    previous: str | None


class SamplerPlugin(TypedDict):
    "A strategy that selects from a pool."

    name: str
    card: Card
    schema: dict[str, Any]
    conflicts: list[Conflict]
    needs: list[str]
    reasons: dict[str, str]
    fills_budget: bool


class Scalars(TypedDict):
    "The curves of a run."

    steps: list[int]
    values: dict[str, list[float | None]]


class Selection(TypedDict):
    "A sampler, budget and seed applied to a pool; the pool's first selection is the run's own."

    id: str
    pool: str
    number: int
    state: SelectionState
    sampler: str
    sampler_settings: dict[str, Any]
    budget: Budget
    seed: int
    yields: dict[str, Yield]
    report: Report
    num_kept: int
    created_by: str | None
    created_at: str
    finished_at: str | None
    error: Fault | None
    actions: list[CancelOrRetry]


class SelectionChanged(TypedDict):
    "A selection was queued, started, finished, failed or cancelled; when it is finished, its yields can be read."

    type: Literal["selection.changed"]
    seq: int | None
    ts: str
    selection: str
    data: SelectionChangedData


class SelectionChangedData(TypedDict):
    state: SelectionState
    error_code: str
    error_message: str


class ServerPerson(TypedDict):
    "Somebody with an account on this server."

    id: str
    name: str
    email: str
    is_staff: bool
    is_active: bool
    last_login: str | None
    labs: list[str]


class Session(TypedDict):
    "Who is here. `person` is null for somebody not logged in."

    setup_needed: bool
    setup_code_needed: bool
    person: Person | None
    labs: list[Lab]
    can_mail: bool
    csrf_token: str
    version: str


class SetupRequest(TypedDict):
    "The first visitor."

    name: str
    email: str
    password: str
    lab_name: NotRequired[str]
    setup_code: NotRequired[str]


class SmallDatasetRequest(TypedDict):
    "A small dataset in one request: its archive is part of the form."

    lab: str
    name: str
    kind: NotRequired[str]
    file: str


class SocketAnswered(TypedDict):
    "The answer to {\"type\": \"ping\"}."

    type: Literal["socket.answered"]
    seq: int | None
    ts: str
    data: dict[str, Any]


class Spread(TypedDict):
    "A mean over seeds with its 95 % interval; no mean where nothing was measured, no interval from one seed."

    mean: float | None
    low: float | None
    high: float | None


class StartRequest(TypedDict):
    "A checkpoint of an earlier run of the lab that a run starts from."

    run: str
    way: WayEnum
    step: NotRequired[int]


class Storage(TypedDict):
    "Bytes; the sizes of runs and datasets are those of the last look, some minutes old at most."

    quota_bytes: int | None
    used_bytes: int
    free_bytes: int
    originals_bytes: int
    uploads_bytes: int
    runs_bytes: int
    pools_bytes: int
    studies_bytes: int
    exports_bytes: int
    biggest: list[StoredThing]


class StoredThing(TypedDict):
    "A dataset, run, study or export, and what it takes."

    noun: StoredThingNounEnum
    id: str
    name: str
    target: str | None
    size_bytes: int
    created_by: str | None
    created_at: str
    archived_at: str | None


class Study(TypedDict):
    "A study with all that was asked and found."

    id: str
    name: str
    lab: str
    version: str
    version_number: int
    dataset: str
    dataset_name: str
    run: str | None
    question: StudyQuestion
    model: str
    arms: list[str]
    state: StudyState
    is_stopping: bool
    progress: StudyProgress
    answer: StudyAnswer | None
    sentence: str
    created_by: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    archived_at: str | None
    model_settings: dict[str, Any]
    pools: list[str]
    settings: dict[str, Any]
    result: StudyResult | None
    attribute_result: AttributeResult | None
    error: Fault | None
    actions: list[StudyActionsEnum]
    device: str
    size_bytes: int


class StudyChanged(TypedDict):
    "A study was queued, went on, or has its answer."

    type: Literal["study.changed"]
    seq: int | None
    ts: str
    study: str
    data: StudyChangedData


class StudyChangedData(TypedDict):
    state: StudyState
    is_stopping: bool
    progress: StudyProgress
    has_result: bool
    error_code: str
    error_message: str


class StudyListItem(TypedDict):
    "A study in a list."

    id: str
    name: str
    lab: str
    version: str
    version_number: int
    dataset: str
    dataset_name: str
    run: str | None
    question: StudyQuestion
    model: str
    arms: list[str]
    state: StudyState
    is_stopping: bool
    progress: StudyProgress
    answer: StudyAnswer | None
    sentence: str
    created_by: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    archived_at: str | None


class StudyPage(TypedDict):
    "One page of a list."

    results: list[StudyListItem]
    next: str | None
    previous: str | None


class StudyParts(TypedDict):
    "What a study is made of beside a model."

    schema: dict[str, Any]
    presets: list[StudyPreset]
    parts: dict[str, str]


class StudyPreset(TypedDict):
    "Arms that answer one question."

    name: str
    title: str
    summary: str
    arms: list[str]


class StudyProgress(TypedDict):
    "Where a study is: first its generators, one after the other, then its children; of attributes, its arts."

    part: PartEnum | Literal[""]
    generator: int
    num_generators: int
    stage: str
    step: int
    num_steps: int
    num_done: int
    num_children: int
    eta_s: float | None
    arms: list[ArmProgress]
    arm: str
    seed: int


class StudyResult(TypedDict):
    "The answer; baseline and best are chosen by validation images, and compared on test images."

    arms: list[ArmResult]
    curve: list[CurvePoint]
    baseline: str
    best: str | None
    answer: StudyAnswer | None
    scope: ScopeEnum
    sentence: str
    num_test: int
    num_val: int


class StudyValidation(TypedDict):
    "What is wrong with it; else how many networks it trains. Of attributes, generators are trainings of arts."

    problems: list[Problem]
    num_generators: int | None
    num_children: int | None


class SubscriptionEnded(TypedDict):
    "The person may not watch this row any more, or asked for the end."

    type: Literal["subscription.ended"]
    seq: int | None
    ts: str
    data: Target


class SubscriptionOpened(TypedDict):
    "From now on events of this row arrive; the snapshot follows."

    type: Literal["subscription.opened"]
    seq: int | None
    ts: str
    data: Target


class SubscriptionRefused(TypedDict):
    "There is no such row for this person, or the message was not understood."

    type: Literal["subscription.refused"]
    seq: int | None
    ts: str
    data: Refusal


class Sweep(TypedDict):
    "One code's sheet, a PNG: a row of square tiles for each value, in the columns of the sample wall."

    name: str
    url: str
    values: list[float]
    tile: int
    columns: list[PreviewColumn]


class SweptData(TypedDict):
    name: str
    url: str
    values: list[float]
    tile: int
    columns: list[Column]


class TakenFor(TypedDict):
    "How many images were taken for what."

    real: int
    synthetic: int


class Target(TypedDict):
    "What a subscription is about."

    channel: str
    id: str | None


class TargetChanged(TypedDict):
    "A verdict counted, further samples are being drawn, or the target is met or over; `data` is all of it."

    type: Literal["target.changed"]
    seq: int | None
    ts: str
    target: str
    data: AcceptTarget


class Token(TypedDict):
    "A named key for programs; the secret part is not kept."

    id: str
    name: str
    key_id: str
    scopes: list[Scope]
    lab: str | None
    lab_name: str | None
    created_at: str
    expires_at: str
    last_used_at: str | None


class Trial(TypedDict):
    "One image of a finished test."

    place: int
    truth: BlindAnswer
    answer: BlindAnswer | Literal[""]
    label: str


class TruthTable(TypedDict):
    "What the images were, and what they were taken for."

    real: TakenFor
    synthetic: TakenFor


class Upload(TypedDict):
    "A file on its way; every byte below `offset` is on the server's disk."

    id: str
    lab: str
    file_name: str
    size_bytes: int
    offset: int
    state: UploadState


class UploadLimits(TypedDict):
    "What is taken: to be told before anything is sent. Endings and names are in lower case, without a dot."

    max_bytes: int
    max_open: int
    kept_hours: int
    max_files: int
    max_image_bytes: int
    min_side: int
    max_side: int
    image_endings: list[str]
    label_files: list[str]
    litter: list[str]


class ValidateRunRequest(TypedDict):
    "A recipe to be checked on a dataset version."

    version: str
    recipe: NewRecipeRequest
    start: NotRequired[StartRequest]
    compute: NotRequired[ComputeRequest]


class ValidateStudyRequest(TypedDict):
    "A study that might be started; settings left out take their defaults."

    version: str
    question: NotRequired[StudyQuestion]
    model: NotRequired[str]
    model_settings: NotRequired[dict[str, Any]]
    pools: NotRequired[list[str]]
    arms: list[str]
    settings: NotRequired[dict[str, Any]]


class Validation(TypedDict):
    "What is wrong with a recipe on a dataset; the estimate is null when something is."

    problems: list[Problem]
    estimate: Estimate | None
    models: dict[str, Duration]


class Verdict(TypedDict):
    "What one person says."

    person: str
    value: VerdictValue | None
    reason: str
    rating: int | None
    decided_at: str


class VerdictChange(TypedDict):
    "One change of one person's verdict on a sample."

    id: int
    person: str
    before: Said
    after: Said
    is_undo: bool
    changed_at: str


class VerdictChangePage(TypedDict):
    "One page of a list."

    results: list[VerdictChange]
    next: str | None
    previous: str | None


class VerdictFileRequest(TypedDict):
    "Verdicts that were given elsewhere."

    csv: str


class VersionChanged(TypedDict):
    "The version came further, is ready, or was rejected."

    type: Literal["version.changed"]
    seq: int | None
    ts: str
    version: str
    data: VersionChangedData


class VersionChangedData(TypedDict):
    "Where a version is now."

    state: VersionState
    progress: VersionProgress | None
    outcomes: dict[str, int]
    num_images: int
    error_code: str
    error_message: str


class VersionHealth(TypedDict):
    "What there is to know of a version's images beside their copies."

    measured: int
    issues: dict[str, int]
    usual: list[str]
    leaks: int


class VersionProgress(TypedDict):
    "Files read so far, of all."

    current: int
    max: int


class WarnedData(TypedDict):
    code: str
    message: str


class Webhook(TypedDict):
    "Where the lab's news are sent."

    url: str | None
    set_by: str | None
    set_at: str | None
    allowed_hosts: list[str]


class WebhookAddressRequest(TypedDict):
    "Where the lab's news shall be sent."

    url: str


class WebhookSecret(TypedDict):
    "What signatures are made with: this is the only time it is shown."

    secret: str


class WorkQueue(TypedDict):
    "A queue, how much waits in it, and how many workers serve it."

    name: str
    waiting: int
    num_workers: int


class Worker(TypedDict):
    "A worker process, its machine, and what it does."

    name: str
    host: str
    pid: int
    queues: list[str]
    cores: int
    memory_bytes: int
    free_bytes: int
    devices: list[Device] | None
    started_at: str
    seen_at: str
    is_here: bool
    works_on: list[Piece]


class Yield(TypedDict):
    "What became of one class; `dropped` counts by reason code."

    asked: int
    generated: int
    kept: int
    dropped: dict[str, int]


class YieldsAskedRequest(TypedDict):
    "A recipe whose budget and pool factor are to be filled from a dataset version."

    version: str
    recipe: NewRecipeRequest


Budget = Union["PerClassBudget", "FillToLargestBudget", "FillToBudget", "CountsBudget", "MultipleBudget"]


BudgetRequest = Union["PerClassBudgetRequest", "FillToLargestBudgetRequest", "FillToBudgetRequest", "CountsBudgetRequest", "MultipleBudgetRequest"]


LiveEvent = Union["EditChanged", "ExportChanged", "LinkTested", "PoolCreated", "RunChanged", "RunCheckpointed", "RunJudged", "RunMeasured", "RunPreviewed", "RunProgressed", "RunSnapshot", "RunSwept", "RunWarned", "SelectionChanged", "SocketAnswered", "StudyChanged", "SubscriptionEnded", "SubscriptionOpened", "SubscriptionRefused", "TargetChanged", "VersionChanged"]
