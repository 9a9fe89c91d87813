//! Encoders: architectures that are lists of blocks. Presets are, and all that were written down before there were nodes.

use serde::{Deserialize, Deserializer, Serialize, de};
use vapo_format::layer::Conv;
use vapo_format::{Architecture, ArchitectureError, Block, Homotopy, Layer, Shape, encoder};

/// An architecture by its blocks. In JSON it is what run folders had as their network before there were nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// Extent of a data sample.
    pub image: Shape,
    /// Path that it is trained on.
    pub homotopy: Homotopy,
    /// Width of the time embedding.
    pub embedding: u16,
    /// Number of classes.
    #[serde(default, skip_serializing_if = "none")]
    pub classes: u16,
    /// From the image to the head.
    pub layers: Vec<Block>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn none(classes: &u16) -> bool {
    *classes == 0
}

impl Encoder {
    /// The blocks of an architecture; none if its nodes are not those of an encoder. What is not about nodes, scaling for
    /// instance, is left out.
    pub fn of(architecture: &Architecture) -> Option<Self> {
        let layer = |node: usize| architecture.nodes.get(node).map(|node| node.layer);
        // The signal, time, and the embedding's two linear maps with their SiLUs come first, those of a class before the second
        // SiLU; two nodes last.
        let Some(Layer::Conv(Conv { channels: embedding, .. })) = layer(2) else { return None };
        let classes = architecture.classes;
        let (mut layers, mut node) = (Vec::new(), if classes > 0 { 9 } else { 6 });
        while node + 2 < architecture.nodes.len() {
            let (block, nodes) = match (layer(node)?, layer(node + 1)?) {
                (Layer::SpaceToDepth(_), _) => (Block::SpaceToDepth, 1),
                (Layer::Conv(conv), _)
                    if [Conv::down2x2, Conv::down1x2].iter().any(|down| conv == down(conv.channels)) =>
                {
                    (Block::Down { channels: conv.channels }, 1)
                }
                (Layer::Conv(conv), _) => (Block::Conv { channels: conv.channels }, 1),
                (Layer::Silu(_), Layer::Conv(conv)) if conv == Conv::linear(conv.channels) => {
                    (Block::Head { channels: conv.channels }, 2)
                }
                (Layer::Silu(_), _) => (Block::Residual, 6),
                _ => return None,
            };
            layers.push(block);
            node += nodes;
        }
        let encoder =
            Encoder { image: architecture.signal, homotopy: architecture.homotopy, embedding, classes, layers };
        // Edges and all else that was not looked at.
        let same = |built: Architecture| built.nodes == architecture.nodes;
        encoder.architecture().is_ok_and(same).then_some(encoder)
    }

    /// The architecture in nodes.
    ///
    /// # Errors
    /// There are more nodes than an architecture may have, or the last block, and only the last, is no head. Whether nodes
    /// fit one another [`Architecture::validate`] says.
    pub fn architecture(&self) -> Result<Architecture, ArchitectureError> {
        encoder::conditional(self.image, self.homotopy, self.embedding, self.classes, &self.layers)
    }

    /// Names that the matrices had in checkpoints before there were nodes, in the order of [`Architecture::matrices`].
    pub fn matrix_names(&self) -> Vec<String> {
        let of_block = |(index, block): (usize, &Block)| {
            let parts: &[&str] = match block {
                Block::SpaceToDepth => &[],
                Block::Conv { .. } => &["conv"],
                Block::Residual => &["conv1", "film", "conv2"],
                Block::Down { .. } => &["down"],
                Block::Head { .. } => &["head"],
            };
            parts.iter().map(move |part| format!("layers.{index}.{part}"))
        };
        let class = if self.classes > 0 { &["embedding.class"][..] } else { &[] };
        let embedding = ["embedding.0", "embedding.1"].iter().chain(class).map(|&name| name.to_owned());
        let layers = self.layers.iter().enumerate().flat_map(of_block);
        embedding.chain(layers).chain(["readout".to_owned()]).collect()
    }
}

/// A network as digests take it in: one that is nothing but an encoder by its blocks, as before there were nodes, so that
/// digests of then are those of now.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Network<'a> {
    /// All that there is to say.
    Blocks(Encoder),
    /// Every node.
    Nodes(&'a Architecture),
}

impl<'a> Network<'a> {
    /// Of an architecture.
    pub fn of(architecture: &'a Architecture) -> Self {
        let all = |encoder: &Encoder| encoder.architecture().as_ref() == Ok(architecture);
        Encoder::of(architecture).filter(all).map_or(Network::Nodes(architecture), Network::Blocks)
    }
}

/// Reads an architecture that is written down by its nodes, or by its blocks as before there were nodes.
///
/// # Errors
/// What is written is neither.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Architecture, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    if value.get("layers").is_some() {
        let encoder: Encoder = serde_json::from_value(value).map_err(de::Error::custom)?;
        return encoder.architecture().map_err(de::Error::custom);
    }
    serde_json::from_value(value).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::preset::{Design, Preset};
    use vapo_format::Node;

    const IMAGE: Shape = Shape { channels: 3, height: 32, width: 32 };

    #[test]
    fn every_preset_is_recognised_by_its_nodes() {
        for (preset, classes) in Preset::encoders().into_iter().flat_map(|preset| [(preset.clone(), 0), (preset, 10)]) {
            let architecture = preset.conditional(IMAGE, Homotopy::Bayes, classes);
            let encoder = Encoder::of(&architecture).unwrap();
            let found = Design::Encoder { embedding: encoder.embedding, blocks: encoder.layers.clone() };
            assert_eq!(found, preset.design, "{}", preset.name);
            assert_eq!(encoder.architecture().unwrap(), architecture);
            assert_eq!(encoder.matrix_names().len(), architecture.matrices().count());
        }
    }

    #[test]
    fn nodes_that_are_no_blocks_are_none() {
        let tiny = Preset::named("tiny").unwrap().architecture(IMAGE, Homotopy::Linear);
        let changed = |change: &dyn Fn(&mut Vec<Node>)| {
            let mut nodes = tiny.nodes.to_vec();
            change(&mut nodes);
            Encoder::of(&Architecture { nodes: nodes.into_iter().collect(), ..tiny.clone() })
        };
        assert!(changed(&|_| ()).is_some());
        // A residual block whose sum is the other way round, a stem of another window, and parts of an encoder.
        assert_eq!(changed(&|nodes| nodes[12].inputs.reverse()), None);
        assert_eq!(
            changed(&|nodes| nodes[6].layer = Conv { window: [3, 1], stride: [1, 1], channels: 4 }.into()),
            None
        );
        for length in 0..tiny.nodes.len() {
            assert_eq!(changed(&|nodes| nodes.truncate(length)), None, "{length}");
        }
    }

    #[test]
    fn the_words_of_before_are_those_of_before() {
        let text = r#"{"image":{"channels":1,"height":8,"width":8},"homotopy":"linear","embedding":8,"layers":["space-to-depth",{"conv":{"channels":4}},"residual",{"down":{"channels":8}},{"head":{"channels":8}}]}"#;
        let encoder: Encoder = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&encoder).unwrap(), text);
        let names = [
            "embedding.0",
            "embedding.1",
            "layers.1.conv",
            "layers.2.conv1",
            "layers.2.film",
            "layers.2.conv2",
            "layers.3.down",
            "layers.4.head",
            "readout",
        ];
        assert_eq!(encoder.matrix_names(), names);
        let architecture = encoder.architecture().unwrap();
        assert_eq!(serde_json::to_string(&Network::of(&architecture)).unwrap(), text);
        assert_eq!(deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap(), architecture);
        let nodes = serde_json::to_string(&architecture).unwrap();
        assert_eq!(deserialize(&mut serde_json::Deserializer::from_str(&nodes)).unwrap(), architecture);
        // Blocks say nothing of scaling.
        let scaling = [vapo_format::Scaling { offset: 1.0, scale: 2.0 }].into_iter().collect();
        let scaled = Architecture { scaling, ..architecture };
        assert_eq!(serde_json::to_string(&Network::of(&scaled)).unwrap(), serde_json::to_string(&scaled).unwrap());
    }

    #[test]
    fn other_words_are_refused() {
        let read = |text: &str| deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap_err().to_string();
        assert!(read(r#"{"layers":["other"]}"#).contains("unknown variant `other`"));
        assert!(read(r#"{"nodes":[],"layer":[]}"#).contains("unknown field `layer`"));
        let layers = [vec![r#""residual""#; 100].join(","), r#"{"head":{"channels":8}}"#.to_owned()].join(",");
        let image = r#"{"channels":1,"height":8,"width":8}"#;
        let many = format!(r#"{{"image":{image},"homotopy":"linear","embedding":8,"layers":[{layers}]}}"#);
        assert!(read(&many).contains("nodes"), "{}", read(&many));
    }
}
