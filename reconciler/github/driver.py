"""The step of the action: inputs and the event in, the exit code of the step out.

Whatever happens, the outputs are set and the summary is written. They come before everything that
needs GitHub: a job that is cancelled has ten seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn, TextIO

from reconciler import __version__
from reconciler.cli.approval import Approval
from reconciler.cli.failure import InterruptError
from reconciler.cli.interrupt import stoppable
from reconciler.errors import Exit, OutcomeUnknownError, ReconcilerError, UsageError
from reconciler.github import body, files, fork, work
from reconciler.github.api import GitHub
from reconciler.github.context import Context, read_context
from reconciler.github.inputs import Inputs, take
from reconciler.github.outcome import UNFINISHED, failure, outputs
from reconciler.github.runner import Runner
from reconciler.github.settings import has_credentials, run_settings
from reconciler.github.show import Show
from reconciler.github.text import log_text
from reconciler.github.work import Result
from reconciler.pipeline.git import place_in_repository
from reconciler.report.github import annotations as annotated
from reconciler.settings import Settings


def main() -> NoReturn:
    """Run the step in this process, and leave with its code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    step = Step(os.environ, sys.stdout)

    def interrupted(*_: object) -> None:
        if not step.is_telling:
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    code = step.run()
    sys.stdout.flush()
    os._exit(code)  # a signal that comes while Python ends would change the code


class Step:
    """One run of the action."""

    def __init__(
        self,
        environment: MutableMapping[str, str],
        log: TextIO,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.runner = Runner(environment, log)
        self.context: Context = read_context(environment)
        self.environment = environment
        self.inputs = Inputs()
        self.sleep = sleep
        self.is_telling = False
        """Whether what is told here and now must not be cut off; it takes no time."""

    def run(self) -> int:
        """Everything; returns the code of the step."""
        run_id = f"{self.context.run_id}-{self.context.attempt}" if self.context.run_id else ""
        self.runner.outputs({**UNFINISHED, "run-id": run_id})
        result = self._result()
        self.is_telling = True
        code, reason = failure(result, self.inputs.fail_on)
        made = {**outputs(result, reason), "run-id": run_id}
        try:
            made |= files.write(result, self.inputs, self.context)
        except OSError as error:
            result = self._failed(result, UsageError(f"{error.filename}: {error.strerror}"))
            code, made["failure-reason"], made["outcome"] = result.code, "usage", "error"
        self.runner.outputs(made)
        self._tell(result)
        self.is_telling = False
        return self._show(result, code, reason)

    # --- the run

    def _result(self) -> Result:
        """The run's result, whatever ended it."""
        command = self.environment.get("ACTION_COMMAND", "") or "plan"
        try:
            self.inputs = take(self.environment)
            for secret in filter(None, (self.inputs.token, self.inputs.github_token)):
                self.runner.mask(secret)
            self._require_version()
            return self._work()
        except KeyboardInterrupt:
            error: ReconcilerError = InterruptError(
                "the run was cancelled", hint="nothing is left half-done; run it again"
            )
        except ReconcilerError as known:
            error = known
        except OSError as fault:
            error = UsageError(f"{fault.filename or ''}: {fault.strerror or fault}".lstrip(": "))
        except Exception as unknown:  # noqa: BLE001 - the one place that may
            self.runner.log(traceback.format_exc(), "Traceback")
            error = ReconcilerError(
                f"this should not have happened: {type(unknown).__name__}: {unknown}",
                hint="report it with the traceback of the log",
            )
        known_command = self.inputs.command if self.inputs != Inputs() else command
        return self._failed(Result(known_command, int(Exit.INVALID)), error)

    @staticmethod
    def _failed(result: Result, error: ReconcilerError) -> Result:
        return result.ended_by(error)

    def _require_version(self) -> None:
        wanted = self.inputs.version.removeprefix("v")
        if wanted and wanted != __version__ and not __version__.startswith(f"{wanted}."):
            raise UsageError(
                f"this is version {__version__} of the action, and the workflow wants {wanted}",
                hint="the version is chosen by what follows @ in `uses:`",
            )

    def _work(self) -> Result:
        inputs, context = self.inputs, self.context
        is_trusted = not context.is_untrusted
        signs_in = has_credentials(inputs, self.environment)
        if context.has_more_rights and not is_trusted:
            signs_in = False  # the secrets are there, and what is checked out is a stranger's
        settings = run_settings(
            inputs,
            context,
            self.environment,
            credentials=signs_in or (is_trusted and not self._plans_offline),
        )
        settings = replace(settings, masked=self.runner.mask)
        if inputs.command == "validate":
            return work.validate(settings)
        if not signs_in and (self._plans_offline or not is_trusted):
            return self._without_credentials(settings)
        if inputs.command == "plan":
            return work.plan(settings)
        if inputs.command == "apply":
            return self._apply(settings)
        if inputs.command == "snapshot":
            return work.snapshot(settings, context.workspace / inputs.snapshot)
        if inputs.command == "drift":
            return work.drift(settings, accepting=inputs.accept_drift)
        return work.export(settings)

    @property
    def _plans_offline(self) -> bool:
        """Whether a plan without credentials is what the workflow is prepared for."""
        return self.inputs.command == "plan" and bool(self.inputs.snapshot)

    def _without_credentials(self, settings: Settings) -> Result:
        if self.inputs.command != "plan":
            raise UsageError(
                f"{self.inputs.command} needs credentials, and a pull request from a fork has none",
                hint="run plan or validate on pull requests",
            )
        given = self.inputs.snapshot
        snapshot = self.context.workspace / given if given else None
        return fork.without_credentials(settings, snapshot, self.context.pull)

    def _apply(self, settings: Settings) -> Result:
        approval = self._approval()
        with stoppable(self._last_words) as stop:
            return work.apply(settings, approval, stop, self._planned)

    def _approval(self) -> Approval:
        """What the apply is bound to; a job that is run again finishes what it began."""
        inputs = self.inputs
        if inputs.stale_policy == "replan":
            return Approval()
        file = self.context.workspace / inputs.plan_file if inputs.plan_file else None
        again = self.context.attempt > 1 and file is not None
        shrink_only = inputs.stale_policy == "shrink-only" or again
        return Approval.of(file, inputs.expect_digest or None, shrink_only)

    def _planned(self, result: Result) -> None:
        self.runner.log(log_text(result), "Plan")

    def _last_words(self) -> None:
        """Asked to stop for the second time, in the middle of an apply."""
        error = OutcomeUnknownError("stopped at once; a write may have been in flight")
        result = self._failed(Result("apply", int(Exit.PARTIAL)), error)
        self.runner.outputs(outputs(result, "partial"))
        self._tell(result)

    # --- telling

    def _tell(self, result: Result) -> None:
        """The log and the summary, which need nobody else."""
        self.runner.log(log_text(result))
        if self.inputs.summary:
            self.runner.summary(
                body.text(result, self.context, self.inputs.environment, limit=body.SUMMARY_LIMIT)
                + "\n"
            )

    def _show(self, result: Result, code: int, reason: str) -> int:
        """What GitHub shows, and the annotations; the code of the step after it."""
        found = list(result.found)
        if self.inputs.github_token and self.context.repository:
            show = self._opened()
            with suppress(KeyboardInterrupt):  # what is not shown yet is in the summary
                show.everything(result)
            self.is_telling = True
            show.github.close()
            found = [*show.found, *found]
            if not code:
                code, reason = failure(result, self.inputs.fail_on, show.found)
            self.runner.outputs({"failure-reason": reason, **show.outputs})
        self.is_telling = True
        if self.inputs.annotations:
            root = place_in_repository(result.root) if result.root else ""
            self.runner.command(annotated(found, root=root))
        return code

    def _opened(self) -> Show:
        context = self.context
        github = GitHub(
            context.api_url,
            context.graphql_url,
            context.repository,
            self.inputs.github_token,
            sleep=self.sleep,
        )
        return Show(self.inputs, context, github)
