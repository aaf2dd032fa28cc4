"""Who opens the dashboard of a local store sees the runs, and no form."""

from __future__ import annotations

import pytest

from stacks.zenml_patches.dashboard_survey import skip_survey


def stored_user(client):
    return client.zen_store.get_user(client.active_user.id, include_private=True)


@pytest.fixture
def unasked(zenml):
    """ZenML with its user as a new store has it."""
    assert stored_user(zenml).email_opted_in is None
    return zenml


def test_a_new_local_user_is_not_asked_and_gets_no_mail(unasked):
    skip_survey()

    user = stored_user(unasked)
    assert user.email_opted_in is False
    assert user.user_metadata["finished_onboarding_survey"] is True


def test_who_has_answered_keeps_the_answer(zenml):
    user = zenml.active_user
    zenml.update_user(user.id, updated_email_opt_in=True, updated_metadata={"primary_use": "work"})
    zenml._active_user = None

    skip_survey()

    assert stored_user(zenml).email_opted_in is True
