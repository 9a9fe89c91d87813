//! The order in which the values of an array follow each other.

/// Values from Fortran's order, first axis fastest, to C's, last axis fastest.
///
/// # Panics
/// There are not as many values as the axes say.
pub fn row_major<T: Copy>(values: &[T], shape: &[u64]) -> Vec<T> {
    let shape: Vec<usize> = shape.iter().map(|&extent| extent as usize).collect();
    let mut strides = vec![1; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let mut index = vec![0; shape.len()];
    let mut place = 0;
    let mut ordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        ordered.push(values[place]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            place += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            place -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_is_undone() {
        // numpy.arange(24).reshape(2, 3, 4) in either order.
        let of = |i: usize, j: usize, k: usize| (i * 12 + j * 4 + k) as u8;
        let fortran: Vec<u8> =
            (0..4).flat_map(|k| (0..3).flat_map(move |j| (0..2).map(move |i| of(i, j, k)))).collect();
        assert_eq!(row_major(&fortran, &[2, 3, 4]), (0..24).collect::<Vec<u8>>());
        assert!(row_major::<u8>(&[], &[0, 3]).is_empty());
    }
}
