"""Commands of mayabook in processes of their own."""

import pytest

from mayabook.studio.child_commands import ChildCommands, CommandError


def test_a_command_gives_its_lines_and_runs_once_at_a_time() -> None:
    commands = ChildCommands()
    command = commands.begin("Tell the version", "--version")
    with pytest.raises(CommandError, match="running already"):
        commands.begin("Tell the version", "--version")
    command.wait()
    assert not command.is_running
    assert "mayabook" in command.last_line.lower()
    assert list(commands) == [command]
    commands.forget(command)
    assert list(commands) == []


def test_a_failure_is_told_in_the_commands_own_words() -> None:
    command = ChildCommands().begin("Delete a model", "models", "remove", "no-such-model", "--yes")
    with pytest.raises(CommandError, match="no-such-model"):
        command.wait()
    assert command.has_failed
