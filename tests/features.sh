# The tests' command with every feature of `vapo-train`: what a run of all tests builds, so that each part of them takes from one build.
# For other scripts: . tests/features.sh
features=(--features vapo-tests/cuda,vapo-train/onnx,vapo-train/mpi)
# Of the whole workspace: Cargo builds a library once for each set of features that its users ask for together.
test=(cargo test --workspace --locked "${features[@]}")
