"""The lists of a member's files: what is missing or not as it was written is found."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from twin.metrics.store import (
    CHECKPOINTS,
    FINISHED_LIST,
    PARTS,
    blocks_done,
    close_block,
    finish,
    forget_after,
    kept,
    load_checkpoint,
    save_checkpoint,
    write_part,
)

BLOCKS = 3


@pytest.fixture
def member(tmp_path):
    folder = tmp_path / "member"
    for block in range(BLOCKS):
        write_part(folder, block, {name: pa.table({"x": [block, 1]}) for name in ("system", "link")})
        save_checkpoint(folder, block, {"soc": np.arange(block + 1.0)})
        close_block(folder, block)
    return folder


def truncate(file):
    file.write_bytes(file.read_bytes()[:-1])


def change(file):
    file.write_bytes(b"\x00" + file.read_bytes()[1:])


def empty(file):
    file.write_bytes(b"")


HARM = (truncate, change, empty, Path.unlink)


def test_an_undamaged_member_goes_on_after_its_last_block(member):
    assert (kept(member).done, kept(member).is_finished, kept(member).damaged) == (BLOCKS - 1, False, ())
    assert blocks_done(member, 12) == BLOCKS
    assert load_checkpoint(member, 2)["soc"].tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("file", ["parts/link/001.arrow", "checkpoints/001.npz", "checkpoints/001.json"])
def test_damage_in_a_block_is_found_and_only_what_comes_before_is_used(member, file, harm):
    harm(member / file)
    found = kept(member)
    assert found.done == 0
    assert found.damaged == (file,)
    forget_after(member, found.done)
    assert kept(member).damaged == ()


def test_a_block_that_is_not_listed_yet_does_not_count(member):
    write_part(member, BLOCKS, {"link": pa.table({"x": [9]})})
    assert kept(member).done == BLOCKS - 1


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("file", ["link.parquet", "system.parquet", FINISHED_LIST])
def test_damage_in_a_finished_member_is_found(member, file, harm):
    finish(member)
    assert kept(member).is_finished
    assert not (member / PARTS).exists()
    assert not (member / CHECKPOINTS).exists()
    harm(member / file)
    assert not kept(member).is_finished
    assert kept(member).damaged == (file,)


def test_a_folder_that_is_not_there_is_begun_anew(tmp_path):
    assert kept(tmp_path / "none") == kept(tmp_path)
    assert kept(tmp_path).done == -1
    assert blocks_done(tmp_path / "none", 12) == 0
