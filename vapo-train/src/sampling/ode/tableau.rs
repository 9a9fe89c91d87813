//! The coefficients of embedded Runge–Kutta methods.

/// A method of two orders in one: the higher goes on, the lower tells the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Dormand and Prince, orders 5 and 4: six evaluations a step.
    Rk45,
    /// Bogacki and Shampine, orders 3 and 2: three evaluations a step.
    Rk23,
}

impl Method {
    /// Every method.
    pub const ALL: [Method; 2] = [Method::Rk45, Method::Rk23];

    /// Its name on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Rk45 => "rk45",
            Method::Rk23 => "rk23",
        }
    }

    pub(super) const fn tableau(self) -> &'static Tableau {
        match self {
            Method::Rk45 => &RK45,
            Method::Rk23 => &RK23,
        }
    }
}

/// How a step of length h is made of slopes kᵢ = f(t + cᵢh, y + hΣⱼaᵢⱼkⱼ). The slope at the step's end is the first of the next step.
pub(super) struct Tableau {
    /// cᵢ of every slope but the last.
    pub(super) nodes: &'static [f64],
    /// aᵢⱼ of every slope but the last: as many as there are slopes before.
    pub(super) rows: &'static [&'static [f64]],
    /// Of the higher order: y + hΣbⱼkⱼ.
    pub(super) weights: &'static [f64],
    /// Of the difference of both orders, the slope at the end included.
    pub(super) errors: &'static [f64],
    /// The lower order: the error of a step grows as its length to the power of one more.
    pub(super) lower_order: f64,
}

/// Source: Dormand and Prince, *A family of embedded Runge–Kutta formulae*, 1980, table 2.
static RK45: Tableau = Tableau {
    nodes: &[0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0],
    rows: &[
        &[],
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
        &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    ],
    weights: &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
    errors: &[-71.0 / 57600.0, 0.0, 71.0 / 16695.0, -71.0 / 1920.0, 17253.0 / 339_200.0, -22.0 / 525.0, 1.0 / 40.0],
    lower_order: 4.0,
};

/// Source: Bogacki and Shampine, *A 3(2) pair of Runge–Kutta formulas*, 1989.
static RK23: Tableau = Tableau {
    nodes: &[0.0, 1.0 / 2.0, 3.0 / 4.0],
    rows: &[&[], &[1.0 / 2.0], &[0.0, 3.0 / 4.0]],
    weights: &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0],
    errors: &[5.0 / 72.0, -1.0 / 12.0, -1.0 / 9.0, 1.0 / 8.0],
    lower_order: 2.0,
};
