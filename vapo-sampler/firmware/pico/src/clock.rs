//! The chip's clocks: RP2040 datasheet, 2.15 to 2.18.

use core::num::NonZeroU32;
use rp_pac::clocks::vals::{ClkRefCtrlSrc, ClkSysCtrlAuxsrc, ClkSysCtrlSrc};
use rp_pac::xosc::vals::{CtrlFreqRange, Enable};
use rp_pac::{CLOCKS, PLL_SYS, RESETS, XOSC};

/// The core's clock that [`set_up`] makes: what the board's own programs run at.
pub(crate) const HERTZ: NonZeroU32 = NonZeroU32::new(125_000_000).unwrap();

/// Runs the core from the PLL: the crystal's 12 MHz × 125 ÷ 6 ÷ 2.
pub(crate) fn set_up() {
    // A millisecond, in units of 256 cycles of the crystal.
    XOSC.startup().write(|w| w.set_delay(47));
    XOSC.ctrl().write(|w| {
        w.set_freq_range(CtrlFreqRange::_1_15MHZ);
        w.set_enable(Enable::ENABLE);
    });
    while !XOSC.status().read().stable() {}
    CLOCKS.clk_ref_ctrl().modify(|w| w.set_src(ClkRefCtrlSrc::XOSC_CLKSRC));
    while CLOCKS.clk_ref_selected().read() != 1 << ClkRefCtrlSrc::XOSC_CLKSRC as u32 {}
    // Off the PLL, whatever the boot program left.
    CLOCKS.clk_sys_ctrl().modify(|w| w.set_src(ClkSysCtrlSrc::CLK_REF));
    while CLOCKS.clk_sys_selected().read() != 1 << ClkSysCtrlSrc::CLK_REF as u32 {}

    start_pll();
    CLOCKS.clk_sys_ctrl().modify(|w| w.set_auxsrc(ClkSysCtrlAuxsrc::CLKSRC_PLL_SYS));
    CLOCKS.clk_sys_ctrl().modify(|w| w.set_src(ClkSysCtrlSrc::CLKSRC_CLK_SYS_AUX));
    while CLOCKS.clk_sys_selected().read() != 1 << ClkSysCtrlSrc::CLKSRC_CLK_SYS_AUX as u32 {}
}

fn start_pll() {
    RESETS.reset().modify(|w| w.set_pll_sys(true));
    RESETS.reset().modify(|w| w.set_pll_sys(false));
    while !RESETS.reset_done().read().pll_sys() {}
    PLL_SYS.cs().write(|w| w.set_refdiv(1));
    PLL_SYS.fbdiv_int().write(|w| w.set_fbdiv_int(125));
    PLL_SYS.pwr().modify(|w| {
        w.set_pd(false);
        w.set_vcopd(false);
    });
    while !PLL_SYS.cs().read().lock() {}
    PLL_SYS.prim().write(|w| {
        w.set_postdiv1(6);
        w.set_postdiv2(2);
    });
    PLL_SYS.pwr().modify(|w| w.set_postdivpd(false));
}
