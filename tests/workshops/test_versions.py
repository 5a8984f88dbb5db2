"""Versions: numbers in their order."""

from workshops import versions


def test_versions_come_in_the_order_of_their_numbers_a_candidate_before_its_version() -> None:
    names = ["2.0.0", "2.9.0", "2.10.0-rc.2", "2.10.0-rc.10", "2.10.0", "10.0.0"]
    backwards = names[::-1]
    assert sorted(backwards, key=versions.order) == names


def test_a_name_is_read_as_it_was_made() -> None:
    for name in ("2.0.0", "2.1.0-rc.1", "12.0.3-rc.10"):
        assert versions.called(*versions.parted(name)) == name
    assert [versions.is_candidate(name) for name in ("2.1.0-rc.1", "2.1.0")] == [True, False]
