"""The certificate of a dispatch policy: the trial, the check against looking ahead, the scores."""
