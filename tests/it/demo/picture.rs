//! Draws scenes as a terminal of its own colours, so that it reads the same on a light page and on a dark one.

use std::fmt::Write as _;

/// A mistake and what was said about it.
#[derive(Debug)]
pub struct Scene {
    pub title: &'static str,
    pub exit_code: i32,
    pub lines: Vec<String>,
}

const WIDTH: usize = 900;
const MARGIN: usize = 26;
const BAR: usize = 38;
const FONT_SIZE: usize = 14;
const LINE_HEIGHT: usize = 20;
/// What fits between the margins in the widest of the usual fonts, 0.61 of whose size is one character.
const COLUMNS: usize = (WIDTH - 2 * MARGIN) * 100 / (FONT_SIZE * 61);
const INDENT: usize = 3;

const STYLE: &str = "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:14px;\
fill:#c9d1d9;white-space:pre}.title{fill:#ffffff;font-weight:bold}.error{fill:#ff7b72;font-weight:bold}.warning{fill:#e3b341;font-weight:bold}.hint{fill:#56d4dd}\
.code{fill:#e3b341}.faint{fill:#9198a1}";

/// A picture of all scenes.
pub fn draw(scenes: &[Scene]) -> String {
    let mut page = Page::default();
    page.text(
        "Nine mistakes, and what Airflow says about each of them:",
        "faint",
    );
    page.text("The conn_id `warehouse` isn't defined", "error");
    page.gap();
    page.text("$ secretctl get-conn warehouse", "title");
    for (number, scene) in (1..).zip(scenes) {
        page.gap();
        page.heading(number, scene);
        for line in &scene.lines {
            page.labelled(line);
        }
    }
    page.finish()
}

#[derive(Default)]
struct Page {
    /// Twice the number of lines, for a gap is half of one.
    halves: usize,
    body: String,
}

impl Page {
    fn y(&self) -> usize {
        BAR + MARGIN + self.halves * LINE_HEIGHT / 2
    }

    fn gap(&mut self) {
        self.halves += 1;
    }

    /// One line of spans, each a class and its text.
    fn line(&mut self, indent: usize, spans: &[(&str, &str)]) {
        let x = MARGIN + indent * FONT_SIZE * 60 / 100;
        let _ = write!(self.body, "<text x=\"{x}\" y=\"{}\">", self.y());
        for (class, text) in spans {
            let _ = match *class {
                "" => write!(self.body, "{}", escaped(text)),
                class => write!(
                    self.body,
                    "<tspan class=\"{class}\">{}</tspan>",
                    escaped(text)
                ),
            };
        }
        self.body.push_str("</text>\n");
        self.halves += 2;
    }

    fn text(&mut self, text: &str, class: &str) {
        self.line(0, &[(class, text)]);
    }

    fn heading(&mut self, number: usize, scene: &Scene) {
        let y = self.y();
        let _ = writeln!(
            self.body,
            "<text x=\"{MARGIN}\" y=\"{y}\" class=\"faint\">{number}</text>"
        );
        self.line(INDENT, &[("title", scene.title)]);
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\" class=\"code\">exit code {}</text>",
            WIDTH - MARGIN,
            scene.exit_code
        );
    }

    /// What was said, broken between words, with its label in colour as on a terminal.
    fn labelled(&mut self, line: &str) {
        let label = ["error:", "warning:", "hint:"]
            .into_iter()
            .find(|label| line.starts_with(label));
        for (number, part) in wrapped(line, COLUMNS - INDENT).iter().enumerate() {
            match label.filter(|_| number == 0) {
                Some(label) => {
                    let class = label.trim_end_matches(':');
                    self.line(INDENT, &[(class, label), ("", &part[label.len()..])]);
                }
                None => self.line(INDENT, &[("", part)]),
            }
        }
    }

    fn finish(self) -> String {
        let height = self.y() + MARGIN - LINE_HEIGHT / 2;
        let dots = [("#ff5f57", 24), ("#febc2e", 44), ("#28c840", 64)];
        let dots: String = dots
            .map(|(fill, x)| format!("<circle cx=\"{x}\" cy=\"19\" r=\"6\" fill=\"{fill}\"/>"))
            .concat();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
             <title>Nine ways to break a connection: Airflow says one sentence, secretctl names nine causes</title>\n\
             <style>{STYLE}</style>\n\
             <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"#0d1117\" stroke=\"#3d444d\"/>\n\
             {dots}\n{}</svg>\n",
            WIDTH - 1,
            height - 1,
            self.body
        )
    }
}

fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let widest = lines.iter().map(|line| line.chars().count()).max();
    assert!(widest <= Some(columns), "no blank to break at: {lines:?}");
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
