//! Tests of the model file from outside: what is written is read, what is damaged is refused, and the specification
//! says what the code does.

mod architecture;
mod corruption;
mod models;
mod round_trip;
mod specification;
mod writer;
