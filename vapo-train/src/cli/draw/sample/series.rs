//! Windows of a series, in raw units.

use super::{Arguments, TABLE, told};
use crate::cli::card::{Card, ModelCard};
use crate::cli::options::plan::Outputs;
use crate::cli::{Code, Failure, print, progress, team};
use crate::export::picture::series::{Samples, refuse_samples, samples};
use crate::files::array::write::{Array, archive, header};
use crate::sampling::{Drawn, Request, chunks, to_raw};
use std::num::NonZeroU32;
use vapo_format::{Model, Shape};

/// Kinds of files that samples are written to.
#[derive(Clone, Copy)]
enum Kind {
    Png,
    Csv,
    Npy,
    Npz,
}

pub(super) fn run(
    arguments: &Arguments,
    request: &Request,
    columns: Option<NonZeroU32>,
    outputs: &Outputs,
    bytes: &[u8],
    model: &Model<'_>,
) -> Result<(), Failure> {
    let out = arguments.out.display();
    let kind = match arguments.out.extension().and_then(|extension| extension.to_str()) {
        Some("png") => Kind::Png,
        Some(TABLE) => Kind::Csv,
        Some("npy") => Kind::Npy,
        Some("npz") => Kind::Npz,
        _ => {
            return Err(Failure::Refused(
                Code::OutputName,
                format!("--out {out}: the model is of a series: expected a name that ends in .png, .csv, .npy or .npz"),
            ));
        }
    };
    let (count, sampler, shape) = (request.count, &arguments.sampler, model.signal());
    if matches!(kind, Kind::Png) {
        refuse_samples(count, shape, columns).map_err(|cause| {
            Failure::refused(&cause, format!("--out {out}: {cause}: ask for fewer, or give a name in .csv"))
        })?;
    }
    let pool = sampler.fixed.pool()?;
    let bar = progress::bar(count, "samples");
    let mut chunks = chunks(model, request, team::team());
    let (mut values, mut counts) = (Vec::with_capacity(count * shape.elements()), Vec::new());
    while let Some(chunk) = pool.install(|| chunks.next()) {
        let Drawn { images: chunk, evaluations } = chunk.map_err(|cause| sampler.fixed.explain(cause))?;
        bar.inc((chunk.len() / shape.elements()) as u64);
        values.extend(chunk);
        counts.extend(evaluations);
    }
    bar.finish_and_clear();
    if !team::writes() {
        return Ok(());
    }
    to_raw(model, &mut values);
    let Shape { channels, width, .. } = shape;
    let extents = [count, width.into(), channels.into()];
    let file = match kind {
        Kind::Png => {
            let names: Vec<String> = (1..=channels).map(|channel| format!("channel {channel}")).collect();
            let title = format!("{count} samples of {width} readings");
            samples(&Samples { title: &title, values: &values, shape, columns, names: &names })?.png()
        }
        Kind::Csv => table(&values, shape),
        Kind::Npy => {
            let mut file = header("<f4", &extents);
            file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            file
        }
        Kind::Npz => archive(&[Array::of_f32("arr_0", &extents, values)]),
    };
    let models = vec![ModelCard::new(&arguments.model, bytes, model)];
    let drawn = arguments.classes.on(sampler.card(count, &counts)?);
    let told = told(&arguments.out, &drawn);
    let mut card = Card { models, sampler: Some(drawn), ..Card::new("sample") };
    card.settings.insert("values".to_owned(), "raw readings".into());
    outputs.write_with_card(&arguments.out, &file, &card)?;
    print(&told)
}

/// A line a reading: the sample's number, the reading's, and a value a channel.
fn table(values: &[f32], shape: Shape) -> Vec<u8> {
    let channels = usize::from(shape.channels);
    let mut text = "sample,reading".to_owned();
    (1..=channels).for_each(|channel| text += &format!(",{channel}"));
    text.push('\n');
    for (index, reading) in values.chunks_exact(channels).enumerate() {
        text += &format!("{},{}", index / shape.pixels(), index % shape.pixels());
        reading.iter().for_each(|value| text += &format!(",{value}"));
        text.push('\n');
    }
    text.into_bytes()
}
