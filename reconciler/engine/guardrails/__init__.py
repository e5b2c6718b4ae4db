"""Rules over plans: changes in, what breaks a rule out. No kind's name stands here."""
