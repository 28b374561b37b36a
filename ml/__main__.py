"""The command line: `python -m ml list | train | generate | remake | edit | select | evaluate | study |
attribute-study | memory | work | pages`.

A folder of images goes in, images come out; no web, no database. The module of a command is imported when it
runs, so that `--help` and `list --json` answer at once.
"""

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml.disk import disk_full
from ml.errors import MlError
from ml.protocol import EXIT_FAULT
from ml.share import claim_threads

EPILOG = "exit codes: 0 done; 1 refused or failed, with a sentence on stderr; 2 wrong usage; 75 stopped with all saved"
COMPUTE = {"train", "generate", "remake", "edit", "evaluate", "study", "attribute-study"}
"""Commands that take this process's share of the cores; it is settled before anything of theirs is imported."""
EXAMPLE = """example:
  python -m ml train photos/ --model dcgan --set num_steps=2000 --out runs/first
  python -m ml generate runs/first --per-class 400
  python -m ml select runs/first --sampler class_confidence --budget 100 --images chosen/
  python -m ml evaluate runs/first
  python -m ml train photos/ --continue-from runs/first/checkpoints/step-00002000.safetensors \\
      --set num_steps=4000 --out runs/longer
  python -m ml study photos/ --set num_steps=2000 --out studies/first --arms none balanced+geometric \
      balanced+geometric+random:1x@0.25 balanced+geometric+class_confidence:1x@0.25
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    if options.command == "list":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `python -m ml list | head` ends quietly
    if options.command in COMPUTE:
        claim_threads()
    module, _, function = options.runs.partition(":")
    try:
        code: int = getattr(importlib.import_module(module), function)(options)
    except MlError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return EXIT_FAULT
    except OSError as error:
        full = disk_full(error, _written_to(options))
        if full is None:
            raise
        print(f"error: {full.message}", file=sys.stderr)
        return EXIT_FAULT
    return code


def _written_to(options: argparse.Namespace) -> Path:
    """The folder that the command fills."""
    for name in ("out", "run_folder", "folder"):
        if isinstance(found := getattr(options, name, None), Path):
            return found
    return Path.cwd()


def parser() -> argparse.ArgumentParser:
    """Every command with its help."""
    top = argparse.ArgumentParser(
        "python -m ml",
        description=__doc__,
        epilog=f"{EXAMPLE}\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _list(_command(commands, "list", "ml.listing:list_shelves", "show what stands on the shelves"))
    _train(_command(commands, "train", "ml.commands:train", "train a model on a folder of class folders"))
    _generate(_command(commands, "generate", "ml.commands:generate", "make and score candidates with a trained model"))
    _remake(_command(commands, "remake", "ml.remake:command", "make one image again and compare its pixels"))
    _edit(_command(commands, "edit", "ml.edits:command", "show an image with every combination of some attributes"))
    _select(_command(commands, "select", "ml.commands:select", "choose which candidates to keep"))
    _evaluate(_command(commands, "evaluate", "ml.commands:evaluate", "measure the chosen images against real ones"))
    _study(_command(commands, "study", "ml.commands:study", "measure whether synthetic images help a classifier"))
    _attribute_study(
        _command(
            commands, "attribute-study", "ml.commands:attribute_study", "compare ways of changing what images have"
        )
    )
    _memory(_command(commands, "memory", "ml.commands:memory", "tell how much memory a training will need"))
    work = _command(commands, "work", "ml.work:work", "carry out a worker's plan (for the service)")
    work.add_argument("plan", type=Path, help="the plan, a JSON file")
    pages = _command(commands, "pages", "ml.pages:pages", "write a page per model, sampler and metric from its card")
    pages.add_argument("folder", type=Path, help="folder to write models/, samplers/ and metrics/ into")
    return top


def _command(commands: Any, name: str, runs: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=EPILOG,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(runs=runs)
    return command


def _list(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", help="show this plug-in's card and settings")
    command.add_argument("--json", action="store_true", help="names by shelf as JSON")
    command.add_argument("--full", action="store_true", help="with --json: cards, settings and what fits what, too")


def _train(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="class folders, or what another kind of dataset looks like")
    command.add_argument("--model", help="a name from `python -m ml list`; dcgan, or a given checkpoint's, if left out")
    _settings(command, "model")
    command.add_argument("--out", type=Path, required=True, help="folder of the run, new unless --resume")
    command.add_argument("--seed", type=int, help="the same seed gives the same images; 0, or a given checkpoint's")
    command.add_argument("--split-seed", type=int, default=0, help="seed of the splits, where the folder has none")
    command.add_argument("--kind", help="a dataset kind from `python -m ml list`, where it is not to be recognised")
    command.add_argument("--resume", action="store_true", help="go on with the run in --out from its newest checkpoint")
    start = command.add_mutually_exclusive_group()
    start.add_argument(
        "--continue-from",
        type=Path,
        metavar="CHECKPOINT",
        help="go on from another run's checkpoint on the same images, to a larger num_steps; settings as they were "
        "unless --set says otherwise",
    )
    start.add_argument(
        "--reuse-from",
        type=Path,
        metavar="CHECKPOINT",
        help="begin at step 0 with another run's weights, on other images of the same classes and size",
    )
    command.add_argument("--micro-batch", type=int, help="images computed at once; fewer take less memory")
    command.add_argument("--devices", type=int, help="GPUs that share each batch; all of them if left out")
    command.add_argument("--compile", action="store_true", default=None, help="fuse the networks' layers; GPU only")
    command.add_argument("--cuda-graphs", action="store_true", default=None, help="with --compile: record and replay")
    _quiet(command)


def _generate(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a trained run")
    command.add_argument("--per-class", type=int, default=100, help="candidates of each class")
    command.add_argument("--budget", help="instead: candidates by class, as `python -m ml select --budget` reads it")
    command.add_argument("--checkpoint", type=Path, help="another checkpoint of the run than its best one")
    command.add_argument("--seed", type=int, help="another seed makes other images; the run's own if left out")
    command.add_argument("--images", type=Path, help="also write all of them here as PNG, by class")
    command.add_argument(
        "--sweep", type=Path, help="instead write a sheet per code here, a row per value; for models with codes"
    )
    _quiet(command)


def _remake(command: argparse.ArgumentParser) -> None:
    command.add_argument("checkpoint", type=Path, help="the checkpoint that made the image")
    command.add_argument("--like", type=Path, metavar="PNG", help="the image as exported; names what is left out below")
    command.add_argument("--class", dest="label", help="the class that was asked for")
    command.add_argument("--seed", type=int, help="the image's own seed")
    command.add_argument("--sha256", help="of the checkpoint, which is refused when it is another one")
    command.add_argument(
        "--data", type=Path, metavar="FOLDER", help="data/ of the run, from whose images a translation starts"
    )
    command.add_argument("--out", type=Path, metavar="PNG", help="write the image here")


def _edit(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a trained run")
    command.add_argument("--image", type=int, required=True, help="index of a training or validation image")
    command.add_argument(
        "--attributes", nargs="+", default=[], metavar="NAME", help="what is changed; the first five if left out"
    )
    command.add_argument("--out", type=Path, required=True, metavar="PNG", help="write the sheet here")


def _select(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a run with a pool")
    command.add_argument("--sampler", default="class_confidence", help="a name from `python -m ml list`")
    _settings(command, "sampler")
    command.add_argument(
        "--budget",
        default="100",
        help="100 (per class), 2x (of the real size), fill (up to the largest class), fill:500 (up to 500 real and "
        "synthetic together), or cat=50,dog=20",
    )
    command.add_argument("--seed", type=int, default=0, help="of samplers that draw")
    command.add_argument("--images", type=Path, help="also write what is kept here as PNG, by class")
    _quiet(command)


def _evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a run with a pool")
    command.add_argument("--json", action="store_true", help="print the measurements as JSON")
    _quiet(command)


def _study(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="class folders, or what another kind of dataset looks like")
    command.add_argument("--out", type=Path, required=True, help="folder of the study, new unless --resume")
    command.add_argument("--model", help="a name from `python -m ml list`; dcgan if left out")
    _settings(command, "model")
    command.add_argument(
        "--pools",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN",
        help="instead of a model: run folders whose pools `python -m ml generate` made, each counted as one generator; "
        "of fewer than three the answer is about these pools alone",
    )
    command.add_argument(
        "--arms",
        nargs="+",
        metavar="ARM",
        help="what children are trained on, such as none, balanced+geometric, random:1x or "
        "balanced+geometric+class_confidence:1x@0.25; ml/arms.py lists the parts. Left out: the sampling study, each "
        "of random, class_confidence and realism at 1x, 2x and 5x, beside arms without a generator",
    )
    command.add_argument(
        "--transforms",
        nargs="+",
        default=[],
        metavar="CLASS=TRANSFORM,...",
        help="what geometric may do to a class: turn, mirror, zoom, shift, stretch, such as 6=shift,zoom 9=shift,zoom; "
        "* is every class not named; left out: all but mirror",
    )
    command.add_argument("--child", choices=["small_cnn", "resnet"], default="small_cnn", help="network of every child")
    command.add_argument("--child-steps", type=int, default=600, help="training steps of each child")
    command.add_argument("--child-seeds", type=int, default=5, help="children per arm and generator")
    command.add_argument("--generator-seeds", type=int, default=5, help="generators, each from a seed of its own")
    command.add_argument("--pool-factor", type=float, default=2.0, help="candidates per image of the largest arm")
    command.add_argument("--seed", type=int, default=0, help="the same seed gives the same study")
    command.add_argument("--split-seed", type=int, default=0, help="seed of the splits, where the folder has none")
    command.add_argument("--kind", help="a dataset kind from `python -m ml list`, where it is not to be recognised")
    command.add_argument("--resume", action="store_true", help="go on with the study in --out")
    command.add_argument(
        "--jobs", type=int, help="children trained at once; left out: one per core on a CPU, one on a GPU"
    )
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    _quiet(command)


def _attribute_study(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="images with attributes, or class folders")
    command.add_argument("--out", type=Path, required=True, help="folder of the study, new unless --resume")
    command.add_argument(
        "--arts",
        nargs="+",
        metavar="ART",
        help="models that edit attributes, with settings of their own, such as stgan or "
        "stargan:condition_type=gcn,condition_mode=diff; left out: fourteen of them",
    )
    _settings(command, "arts")
    command.add_argument("--seeds", type=_number, default=3, help="trainings of each art; two at least for intervals")
    command.add_argument("--seed", type=int, default=0, help="the same seed gives the same table")
    command.add_argument("--split-seed", type=int, default=0, help="seed of the splits, where the folder has none")
    command.add_argument("--kind", help="a dataset kind from `python -m ml list`, where it is not to be recognised")
    command.add_argument("--resume", action="store_true", help="go on with the study in --out")
    command.add_argument("--json", action="store_true", help="print the table as JSON")
    _quiet(command)


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number}; expected 1 at least")
    return number


def _memory(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", default="dcgan", help="a name from `python -m ml list`")
    _settings(command, "model")
    command.add_argument("--classes", type=int, default=10, help="classes of the dataset")
    command.add_argument("--attributes", type=int, default=0, help="attributes of the dataset")
    command.add_argument("--images", type=int, default=1000, help="training images of the dataset")
    command.add_argument("--grey", action="store_true", help="all of them are grey")
    command.add_argument("--json", action="store_true", help="as JSON, in bytes")


def _settings(command: argparse.ArgumentParser, of: str) -> None:
    command.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"a setting of the {of}, repeatable; `python -m ml list NAME` shows them",
    )


def _quiet(command: argparse.ArgumentParser) -> None:
    command.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


if __name__ == "__main__":
    sys.exit(main())
