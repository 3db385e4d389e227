// SPDX-License-Identifier: LGPL-2.1-or-later
// Uses the Vala bindings of the media half as a program would; it is only
// compiled and linked

void use (Kandy.Client client, Gst.Buffer packet) throws Error {
  var call = new GstKandy.Call (client.config, null, null);
  var codecs = GstKandy.codecs_get_available (Kandy.MediaKind.AUDIO, true);
  var track = call.add_send_track (Kandy.MediaKind.AUDIO, null, codecs);

  call.receive_track_added.connect ((call, track) => print ("%s\n", track.get_caps ().to_string ()));
  call.dtmf_event.connect ((call, number, volume, in_band) => print ("%u\n", number));
  track.push (packet, null, 0);
  call.start_tone (track, 1, 10, GstKandy.DtmfMethod.EVENT);
  call.stop_tone ();
  call.remove_send_track (track);

  unowned var codec = GstKandy.Codec.find ("opus");

  if (codec != null)
    print ("%s\n", codec.get_mime_type ());
  foreach (var device in GstKandy.Devices.get_default ().list (GstKandy.DeviceKind.CAMERA))
    print ("%s\n", device.display_name);
}

int main (string[] args) {
  Gst.init (ref args);
  try {
    use (new Kandy.Client (null), new Gst.Buffer ());
  } catch (Error error) {
    return 1;
  }
  return 0;
}
