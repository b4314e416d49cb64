//! The smallest case that still shows a difference: pieces are left out for as long as it stays.

use super::case::Case;

/// How many smaller cases are tried at the most; each one costs a lookup in both programs.
const MOST_TRIES: usize = 600;

/// Leaves out what `shows` does not need to stay true.
pub fn shrink(case: Case, mut shows: impl FnMut(&Case) -> bool) -> Case {
    let mut smallest = case;
    let mut tries = 0;
    loop {
        let before = smallest.clone();
        for part in Part::all(&smallest) {
            smallest = shrink_part(smallest, part, &mut |case| {
                tries += 1;
                tries <= MOST_TRIES && shows(case)
            });
        }
        if smallest == before || tries > MOST_TRIES {
            return smallest;
        }
    }
}

/// A text or an entry of a case.
#[derive(Clone, Copy)]
enum Part {
    EnvEntry(usize),
    FileEntry(usize),
    ReplyEntry(usize),
    EnvValue(usize),
    FileContent(usize),
    ReplyBody(usize),
    Id,
}

impl Part {
    /// Whole entries first, the last ones first, so that numbers stay right while entries go.
    fn all(case: &Case) -> Vec<Part> {
        let replies = case
            .server
            .as_ref()
            .map_or(0, |server| server.replies.len());
        let entries = (0..case.env.len()).rev().map(Part::EnvEntry);
        let files = (0..case.files.len()).rev().map(Part::FileEntry);
        let reply_entries = (0..replies).rev().map(Part::ReplyEntry);
        let values = (0..case.env.len()).map(Part::EnvValue);
        let contents = (0..case.files.len()).map(Part::FileContent);
        let bodies = (0..replies).map(Part::ReplyBody);
        entries
            .chain(files)
            .chain(reply_entries)
            .chain(values)
            .chain(contents)
            .chain(bodies)
            .chain([Part::Id])
            .collect()
    }

    /// Whether it only tells the programs where the server is and who they are.
    fn leads_to_the_server(self, case: &Case) -> bool {
        const NAMES: [&str; 7] = [
            "AWS_",
            "AZURE_",
            "CLOUDSDK_",
            "KUBECONFIG",
            "REQUESTS_CA_BUNDLE",
            "SECRETCTL_",
            "kubeconfig",
        ];
        let named = match self {
            Part::EnvEntry(at) | Part::EnvValue(at) => case.env.get(at),
            Part::FileEntry(at) | Part::FileContent(at) => case.files.get(at),
            Part::ReplyEntry(_) | Part::ReplyBody(_) | Part::Id => None,
        };
        named.is_some_and(|(name, _)| NAMES.iter().any(|start| name.starts_with(start)))
    }

    fn text(self, case: &mut Case) -> Option<&mut String> {
        match self {
            Part::EnvValue(at) => case.env.get_mut(at).map(|(_, value)| value),
            Part::FileContent(at) => case.files.get_mut(at).map(|(_, content)| content),
            Part::ReplyBody(at) => {
                let server = case.server.as_mut()?;
                server.replies.get_mut(at).map(|reply| &mut reply.body)
            }
            Part::Id => Some(&mut case.id),
            Part::EnvEntry(_) | Part::FileEntry(_) | Part::ReplyEntry(_) => None,
        }
    }

    /// The case without the entry.
    fn left_out(self, case: &Case) -> Option<Case> {
        let mut case = case.clone();
        match self {
            Part::EnvEntry(at) if at < case.env.len() => drop(case.env.remove(at)),
            Part::FileEntry(at) if at < case.files.len() => drop(case.files.remove(at)),
            Part::ReplyEntry(at) => {
                let server = case.server.as_mut()?;
                (at < server.replies.len()).then(|| server.replies.remove(at))?;
            }
            _ => return None,
        }
        Some(case)
    }
}

fn shrink_part(case: Case, part: Part, shows: &mut impl FnMut(&Case) -> bool) -> Case {
    if part.leads_to_the_server(&case) {
        return case;
    }
    if let Some(smaller) = part.left_out(&case) {
        return if shows(&smaller) { smaller } else { case };
    }
    let mut smallest = case;
    let Some(mut pieces) = characters(part, &mut smallest) else {
        return smallest;
    };
    let mut length = pieces.len().div_ceil(2).max(1);
    loop {
        let mut start = 0;
        while start < pieces.len() {
            let end = (start + length).min(pieces.len());
            // Without its placeholder a path or an address would lead out of the case.
            if pieces[start..end].iter().any(|piece| piece.len() > 4) {
                start += length;
                continue;
            }
            let mut fewer = pieces.clone();
            fewer.drain(start..end);
            let mut smaller = smallest.clone();
            if let Some(text) = part.text(&mut smaller) {
                *text = fewer.concat();
            }
            if shows(&smaller) {
                (smallest, pieces) = (smaller, fewer);
            } else {
                start += length;
            }
        }
        if length == 1 {
            return smallest;
        }
        length = length.div_ceil(2);
    }
}

/// The characters of a text, a placeholder counting as one.
fn characters(part: Part, case: &mut Case) -> Option<Vec<String>> {
    let mut rest = part.text(case)?.as_str();
    let mut pieces = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = ["{home}", "{server}"]
            .iter()
            .find(|placeholder| rest.starts_with(**placeholder))
            .map_or(first.len_utf8(), |placeholder| placeholder.len());
        let (piece, after) = rest.split_at(length);
        pieces.push(piece.to_owned());
        rest = after;
    }
    Some(pieces)
}
