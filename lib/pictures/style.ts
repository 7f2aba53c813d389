/** Colours and lines of the pictures. Training and validation differ in their lines too, for who sees no colours. */
export interface Palette {
  readonly paper: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  /** Two that differ for every kind of colour vision, and in how bright they are: after Okabe and Ito's blue and vermilion. */
  readonly training: string;
  readonly validation: string;
}

export const LIGHT: Palette = {
  paper: "#ffffff",
  text: "#1b1f24",
  muted: "#59636e",
  grid: "#dfe3e8",
  training: "#0b63a5",
  validation: "#cf5208",
};

export const DARK: Palette = {
  paper: "#14171b",
  text: "#e4e7ea",
  muted: "#9aa4ae",
  grid: "#2c3238",
  training: "#58aee8",
  validation: "#f5924e",
};

/** CSS for the classes of the marks. */
export const pictureStyle = ({ paper, text, muted, grid, training, validation }: Palette): string => `
.paper{fill:${paper}}
.grid{stroke:${grid};stroke-width:1;fill:none}
.axis{stroke:${muted};stroke-width:1;fill:none}
.training{stroke:${training};stroke-width:1.8;fill:none;stroke-linejoin:round}
.faint{stroke:${training};stroke-width:1;stroke-opacity:0.4;fill:none;stroke-linejoin:round}
.validation{stroke:${validation};stroke-width:1.8;stroke-dasharray:5 3;fill:none}
.training-dot{fill:${training}}
.faint-dot{fill:${training};fill-opacity:0.4}
.validation-dot{fill:${paper};stroke:${validation};stroke-width:1.5}
.wrong-frame{stroke:${validation};stroke-width:2;fill:none}
text.text{fill:${text}}
text.muted{fill:${muted}}
text.wrong{fill:${validation}}
text.on-dark{fill:#ffffff}
text.on-light{fill:#1b1f24}
.strokes{fill:none;stroke-linecap:round;stroke-linejoin:round}
.strokes.text{stroke:${text}}
.strokes.muted{stroke:${muted}}
.strokes.wrong{stroke:${validation}}
.strokes.on-dark{stroke:#ffffff}
.strokes.on-light{stroke:#1b1f24}
`;
