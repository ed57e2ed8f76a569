"""Tempo and key as words of a prompt."""

from __future__ import annotations

import pytest

from sfxgen.models.musical import complaints_of_music, described, music_params, spelled


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("A minor", "A minor"),
        ("a MINOR", "A minor"),
        (" f# major ", "F# major"),
        ("e♭", "Eb"),
        ("bb minor", "Bb minor"),
        ("b", "B"),
        ("C", "C"),
    ],
)
def test_a_key_is_spelled_as_musicians_do(written: str, expected: str) -> None:
    assert spelled(written) == expected


@pytest.mark.parametrize("written", ["H minor", "A dorian", "Aminor", "A# # minor", "", "minor", "ab#"])
def test_what_is_no_key_is_told(written: str) -> None:
    (complaint,) = complaints_of_music({"key": written})
    assert complaint.key == "key"
    assert "A minor" in complaint.hint


@pytest.mark.parametrize("tempo", [19.9, 400.1, float("nan")])
def test_a_tempo_that_nobody_plays_is_told(tempo: float) -> None:
    assert [complaint.key for complaint in complaints_of_music({"tempo_bpm": tempo})] == ["tempo_bpm"]


def test_the_ends_of_the_range_and_nothing_at_all_are_fine() -> None:
    for keys in ({}, {"tempo_bpm": 20}, {"tempo_bpm": 400.0, "key": "Eb major"}, {"key": None}):
        assert not list(complaints_of_music(keys))


def test_a_prompt_says_tempo_and_key_where_there_are_some() -> None:
    assert described("calm piano", {}) == "calm piano"
    assert described("calm piano ", {"tempo_bpm": 120.0}) == "calm piano, 120 bpm"
    assert described("calm piano", {"key": "a minor"}) == "calm piano, in A minor"
    assert described("calm piano", {"tempo_bpm": 92.5, "key": "F#"}) == "calm piano, 92.5 bpm, in F#"
    assert described("", {"tempo_bpm": 90}) == "90 bpm"


def test_params_hold_what_the_prompt_says_again() -> None:
    keys = {"prompt": "x", "tempo_bpm": 120, "key": "a  minor", "steps": 3}
    kept = music_params(keys)
    assert kept == {"tempo_bpm": 120, "key": "A minor"}
    assert described("x", kept) == described("x", keys)
    assert music_params({"key": None}) == {}
