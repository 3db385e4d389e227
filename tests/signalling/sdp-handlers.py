#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SDP handlers from Python, as GObject introspection shows them."""

import gc

import gi

gi.require_version("Kandy", "1.0")
from gi.repository import GLib, Kandy  # noqa: E402

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:0\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n"
)


def make_info():
    info = Kandy.SdpHandlerInfo()
    info.call_id = "c1"
    info.type = "offer"
    info.step = "send"
    info.endpoint = "local"
    return info


def test_function():
    seen = []

    def limit(sdp, info, original, name):
        seen.append((info.call_id, info.type, info.step, info.endpoint, name))
        assert original == SDP
        return sdp + "a=x-limit\r\n"

    handler = Kandy.SdpHandler.new(limit, "name")
    gc.collect()
    assert handler.run(SDP, make_info(), SDP) == SDP + "a=x-limit\r\n"
    assert seen == [("c1", "offer", "send", "local", "name")]


def test_unchanged():
    handler = Kandy.SdpHandler.new(lambda *args: None)
    assert handler.run(SDP, make_info(), None) == SDP


def test_broken():
    failed = []
    handler = Kandy.SdpHandler.new(lambda *args: "nonsense")
    handler.connect("failed", lambda h, info, error: failed.append(error))
    try:
        handler.run(SDP, make_info(), None)
    except GLib.Error as error:
        assert error.matches(Kandy.error_quark(), Kandy.Error.INVALID_PARAM)
        assert "v=0" in error.message
    else:
        raise AssertionError("nonsense was taken for a description")
    assert len(failed) == 1


def test_codec_remover():
    removed = SDP.replace("SAVPF 111 0", "SAVPF 111").replace(
        "a=rtpmap:0 PCMU/8000\r\n", ""
    )
    handler = Kandy.SdpHandler.new_codec_remover_by_names(["PCMU", "VP8"])
    assert handler.run(SDP, make_info(), None) == removed
    handler = Kandy.SdpHandler.new_codec_remover(
        [Kandy.CodecSelector.new("PCMU", None)]
    )
    assert handler.run(SDP, make_info(), None) == removed
    handler = Kandy.SdpHandler.new_codec_remover(
        [Kandy.CodecSelector.new("PCMU", ["no-such=1"])]
    )
    assert handler.run(SDP, make_info(), None) == SDP


def test_client():
    client = Kandy.Client.new(None)
    calls = client.get_calls()
    calls.set_sdp_handlers([Kandy.SdpHandler.new(lambda *args: None)])
    calls.set_sdp_handlers(None)
    client.destroy()


tests = [name for name in dict(globals()) if name.startswith("test_")]
print(f"1..{len(tests)}")
for number, name in enumerate(tests, 1):
    globals()[name]()
    print(f"ok {number} {name}")
