"""Quartz cron expressions, read as Quartz reads them: the schedules of policies."""

from __future__ import annotations

from reconciler.kinds.policies.cron.parts import CronFault
from reconciler.kinds.policies.cron.reading import Reading, read
from reconciler.kinds.policies.cron.schedule import Schedule

__all__ = ["CronFault", "Reading", "Schedule", "read"]
