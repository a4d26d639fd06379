"""A brush that paints a mask over the photo, in the browser."""

from __future__ import annotations

from typing import Any

__all__ = ["SIDE", "brush"]

#: Pixels on the longest side of the photo that is painted on, and of the mask.
SIDE = 640

_TEMPLATE = """<div class="brush">
<p class="hint">Brush over what is to be painted; all else stays as it is in the photo. Without a stroke, all of it is
painted. By keyboard: arrows move the brush, the space bar paints.</p>
<p class="empty">Choose a photo first.</p>
<canvas tabindex="0" role="img" aria-label="The photo; brush over what is to be painted" width="2" height="2"></canvas>
<div class="tools"><label>Brush <input type="range" min="1" max="40" value="12" aria-label="Size of the brush"></label>
<button type="button" class="other" aria-pressed="false">Rub out</button>
<button type="button" class="none">Clear</button></div></div>"""

#: The mask is a canvas of its own, black and white; what is seen is the photo, tinted where the mask is white.
_SCRIPT = """
const find = (name) => element.querySelector(name);
const canvas = find('canvas'), shown = canvas.getContext('2d');
const mask = document.createElement('canvas'), drawn = mask.getContext('2d', {willReadFrequently: true});
const photo = new Image();
let spot = null, last = null, rubbing = false, sent = '';
const radius = () => Math.max(1, find('input').value / 100 * Math.max(canvas.width, canvas.height) / 2);

function show() {
  shown.clearRect(0, 0, canvas.width, canvas.height);
  shown.drawImage(photo, 0, 0, canvas.width, canvas.height);
  if (sent || last) {
    const pixels = drawn.getImageData(0, 0, mask.width, mask.height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data[i + 3] = pixels.data[i] > 127 ? 110 : 0;
      pixels.data[i] = 255; pixels.data[i + 1] = 90; pixels.data[i + 2] = 0;
    }
    const tint = document.createElement('canvas');
    tint.width = mask.width; tint.height = mask.height;
    tint.getContext('2d').putImageData(pixels, 0, 0);
    shown.drawImage(tint, 0, 0);
  }
  if (spot) {
    shown.beginPath(); shown.arc(spot.x, spot.y, radius(), 0, 7);
    shown.lineWidth = 3; shown.strokeStyle = '#fff'; shown.stroke();
    shown.lineWidth = 1; shown.strokeStyle = '#000'; shown.stroke();
  }
}
function empty() {
  drawn.fillStyle = '#000'; drawn.fillRect(0, 0, mask.width, mask.height);
}
function stroke(from, to) {
  drawn.strokeStyle = drawn.fillStyle = rubbing ? '#000' : '#fff';
  drawn.lineWidth = 2 * radius(); drawn.lineCap = 'round';
  drawn.beginPath(); drawn.moveTo(from.x, from.y); drawn.lineTo(to.x + 0.01, to.y); drawn.stroke();
  last = to; show();
}
function send(value) {
  last = null; sent = value; props.value = value; show(); trigger('change');
}
function place(event) {
  const box = canvas.getBoundingClientRect();
  return {x: (event.clientX - box.left) * canvas.width / box.width,
          y: (event.clientY - box.top) * canvas.height / box.height};
}
canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId); event.preventDefault(); canvas.focus();
  spot = place(event); stroke(spot, spot);
});
canvas.addEventListener('pointermove', (event) => {
  spot = place(event);
  if (last) stroke(last, spot); else show();
});
canvas.addEventListener('pointerup', () => { if (last) send(mask.toDataURL('image/png')); });
canvas.addEventListener('pointerleave', () => { spot = null; show(); });
canvas.addEventListener('keydown', (event) => {
  const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  const move = moves[event.key];
  if (!move && event.key !== ' ') return;
  event.preventDefault();
  spot = spot || {x: canvas.width / 2, y: canvas.height / 2};
  if (move) {
    spot = {x: Math.min(Math.max(spot.x + move[0] * radius() / 2, 0), canvas.width),
            y: Math.min(Math.max(spot.y + move[1] * radius() / 2, 0), canvas.height)};
    show();
  } else { stroke(spot, spot); send(mask.toDataURL('image/png')); }
});
find('.other').addEventListener('click', (event) => {
  rubbing = !rubbing; event.target.setAttribute('aria-pressed', rubbing);
});
find('.none').addEventListener('click', () => { empty(); send(''); });
photo.onload = () => {
  canvas.width = mask.width = photo.naturalWidth; canvas.height = mask.height = photo.naturalHeight;
  element.querySelector('.brush').classList.add('ready');
  empty(); sent = ''; receive(); show();
};
function receive() {
  const value = props.value || '';
  if (value === sent) return;
  sent = value; empty();
  if (!value) { show(); return; }
  const given = new Image();
  given.onload = () => { drawn.drawImage(given, 0, 0, mask.width, mask.height); show(); };
  given.src = value;
}
function take() {
  if (props.photo) photo.src = props.photo;
  else { element.querySelector('.brush').classList.remove('ready'); canvas.width = canvas.height = 2; }
}
watch('photo', take); watch('value', receive); take();
"""


def brush() -> Any:
    """The control: its ``value`` is the mask as an address that contains it, its property ``photo`` the photo's."""
    import gradio

    return gradio.HTML(
        "", html_template=_TEMPLATE, js_on_load=_SCRIPT, photo="", label="Mask", elem_id="mask", apply_default_css=False
    )
