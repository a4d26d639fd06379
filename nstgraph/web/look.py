"""How the page looks: a theme of the system's own fonts, and what fits it to a phone."""

from __future__ import annotations

from typing import Any

__all__ = ["STYLE", "theme"]

STYLE = """
.gradio-container { width: 100% !important; max-width: 1200px !important; margin: 0 auto !important;
  padding: 0 !important; }
.gradio-container > main { width: 100%; padding: 8px 24px 40px !important; }
#notice:not(:has(p)), #curves:not(:has(svg)), #head:not(:has(h2)) { display: none; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; padding: 18px 0 6px; }
header h1 { font-size: 1.7rem; font-weight: 700; letter-spacing: -.02em; margin: 0; color: var(--body-text-color); }
header p { margin: 0; color: var(--body-text-color-subdued); }
.hint, .help { color: var(--body-text-color-subdued); font-size: .9rem; margin: 0 0 8px; }
.help { white-space: pre-line; }
#terms .details { border: 0; }
#begin { position: sticky; bottom: 10px; z-index: 20; border-radius: 12px; box-shadow: 0 4px 24px rgb(0 0 0 / 16%); }
#begin, #begin > div { background: var(--background-fill-primary); }
#begin > div { padding: 14px; gap: 12px; }
#begin .line.plain { padding: 0 2px; background: none; }
#head .line.plain { padding: 0; background: none; color: var(--body-text-color-subdued); }
#photo, #styles { border: 1.5px dashed var(--border-color-primary) !important; border-radius: 12px; }
#styles button .wrap { font-size: 0; }
#styles button .wrap::after { content: "Drop paintings here\\A - or -\\A click to choose them"; white-space: pre;
  text-align: center; font-size: 1rem; line-height: 1.5; color: inherit; }
#go { font-size: 1.15rem; min-height: 52px; }
.line { margin: 0; padding: 8px 12px; border-radius: 8px; font-size: .92rem; overflow-wrap: anywhere;
  background: var(--background-fill-secondary); color: var(--body-text-color); }
.line.refused { background: #fdecea; color: #8c1d18; border-left: 4px solid #c62828; }
.dark .line.refused { background: #451512; color: #ffdad6; }
.samples h3 { font-size: 1rem; font-weight: 600; margin: 4px 0 8px; color: var(--body-text-color); }
.samples > div { display: flex; flex-wrap: wrap; gap: 12px; }
.samples button { position: relative; display: grid; grid-template-columns: 1fr 1fr; width: 236px; max-width: 100%;
  padding: 0; overflow: hidden; cursor: pointer; border-radius: 10px; border: 1px solid var(--border-color-primary);
  background: var(--background-fill-primary); color: var(--body-text-color); }
.samples button img { width: 100%; height: 88px; object-fit: cover; display: block; }
.samples button span { grid-column: 1 / 3; padding: 6px 10px; font-size: .9rem; text-align: left; }
.samples button:hover { border-color: var(--color-accent); box-shadow: 0 2px 10px rgb(0 0 0 / 14%); }
button:focus-visible, canvas:focus-visible, a:focus-visible, summary:focus-visible {
  outline: 3px solid var(--color-accent) !important; outline-offset: 2px; }
.growing { display: flex; justify-content: center; border-radius: 10px; overflow: hidden;
  background: var(--background-fill-secondary); }
.growing img { width: 100%; max-height: 72vh; object-fit: contain; }
.growing.empty { min-height: 320px; align-items: center; }
.growing.empty p { color: var(--body-text-color-subdued); font-size: 1.05rem; }
#head h2, #details h2 { font-size: 1.2rem; font-weight: 650; margin: 0 0 4px; overflow-wrap: anywhere;
  color: var(--body-text-color); }
.status { margin: 0 0 8px; font-weight: 500; font-variant-numeric: tabular-nums;
  color: var(--body-text-color-subdued); }
.status.painting { color: var(--body-text-color); }
.status.failed { color: #c62828; }
.bar { height: 10px; border-radius: 5px; overflow: hidden; margin: 0 0 12px; background: var(--border-color-primary); }
.bar i { display: block; height: 100%; border-radius: 5px; background: var(--color-accent); transition: width .6s; }
a.download { display: inline-block; margin: 10px 0 4px; font-weight: 600; color: var(--link-text-color);
  text-decoration: underline; text-underline-offset: 3px; }
.curves { margin: 0; }
.curves svg { width: 100%; height: auto; display: block; }
.curves text { font-size: 13px; fill: var(--body-text-color-subdued); }
.curves .grid { stroke: var(--border-color-primary); }
.curves polyline { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; }
.curves polyline.c0 { stroke-width: 3; }
.curves polyline.dashed { stroke-dasharray: 5 4; }
.curves ul { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 6px 0 0; padding: 0;
  font-size: .86rem; color: var(--body-text-color-subdued); }
.curves li i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; background: var(--c); }
.curves b { font-weight: 500; font-variant-numeric: tabular-nums; color: var(--body-text-color); }
.c0 { --c: var(--body-text-color); } .c1 { --c: #e8710a; } .c2 { --c: #1a8fe3; } .c3 { --c: #2e9e5b; }
.c4 { --c: #b455d6; } .c5 { --c: #d6336c; } .c6 { --c: #9a8200; } .c7 { --c: #14a3a8; }
.brush canvas { display: none; width: 100%; touch-action: none; cursor: crosshair; border-radius: 8px; }
.brush.ready canvas { display: block; } .brush.ready .empty { display: none; }
.brush .empty { margin: 0; padding: 24px; text-align: center; color: var(--body-text-color-subdued); }
.brush .tools { display: none; flex-wrap: wrap; gap: 10px; align-items: center; margin-top: 10px; }
.brush.ready .tools { display: flex; }
.brush .tools label { display: flex; gap: 8px; align-items: center; color: var(--body-text-color); }
.brush .tools input { accent-color: var(--color-accent); }
.brush .tools button { padding: 6px 14px; border-radius: 8px; cursor: pointer; color: var(--body-text-color);
  border: 1px solid var(--border-color-primary); background: var(--button-secondary-background-fill); }
.brush .tools button[aria-pressed=true] { border-color: var(--color-accent); color: var(--color-accent); }
.hung { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px; }
.hung button { display: block; padding: 0; overflow: hidden; cursor: pointer; border-radius: 10px; text-align: left;
  border: 1px solid var(--border-color-primary); background: var(--background-fill-primary); }
.hung button:hover { border-color: var(--color-accent); box-shadow: 0 2px 10px rgb(0 0 0 / 14%); }
.hung img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; display: block; }
.hung span { display: block; padding: 6px 10px; font-size: .86rem; color: var(--body-text-color);
  overflow-wrap: anywhere; }
#details table { width: 100%; font-size: .84rem; border-collapse: collapse; table-layout: fixed; }
#details th, #details td { text-align: left; vertical-align: top; padding: 4px 8px 4px 0; overflow-wrap: anywhere;
  border-top: 1px solid var(--border-color-primary); color: var(--body-text-color); }
#details th { width: 34%; font-weight: 500; color: var(--body-text-color-subdued); }
#details summary { cursor: pointer; margin: 8px 0; color: var(--body-text-color); }
#command textarea, #python textarea { font-family: var(--font-mono); font-size: .82rem; }
@media (max-width: 640px) {
  .gradio-container > main { width: 100%; padding: 0 12px 24px !important; }
  header { padding: 10px 0 0; }
  #photo, #styles { height: 210px !important; }
  .curves text { font-size: 19px; }
  .samples button { width: calc(50% - 6px); }
  .samples button img { height: 64px; }
}
"""


def theme() -> Any:
    """Gradio's theme, without fonts that a browser would have to fetch."""
    import gradio

    sans = ["system-ui", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif"]
    mono = ["ui-monospace", "Menlo", "Consolas", "monospace"]
    default = gradio.themes.Default(
        primary_hue="orange", neutral_hue="stone", radius_size="lg", font=sans, font_mono=mono
    )
    quiet = {
        "body_background_fill": "*neutral_50",
        "block_label_background_fill": "*background_fill_primary",
        "block_label_text_color": "*body_text_color",
        "block_title_text_color": "*body_text_color",
        "block_info_text_color": "*body_text_color_subdued",
        "body_text_color_subdued": "*neutral_500",
        "button_primary_background_fill": "*primary_600",
        "button_primary_background_fill_hover": "*primary_700",
        "button_primary_text_color": "white",
        "link_text_color": "*primary_700",
    }
    dark = {
        "block_label_background_fill_dark": "*background_fill_primary",
        "block_label_text_color_dark": "*body_text_color",
        "block_title_text_color_dark": "*body_text_color",
        "button_primary_background_fill_dark": "*primary_700",
        "button_primary_background_fill_hover_dark": "*primary_600",
        "link_text_color_dark": "*primary_400",
    }
    return default.set(**quiet, **dark, block_title_text_weight="600")
