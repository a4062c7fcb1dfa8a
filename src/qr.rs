//! QR codes as images and as text.

use base64::{Engine, engine::general_purpose::STANDARD};
use qrcode::{
    Color, QrCode,
    render::{Renderer, unicode::Dense1x2},
};
use rqrr::BitGrid;

use crate::op::Blob;

/// A QR code as text and as an image.
pub struct Drawn {
    /// Half-block characters with a quiet zone, for a dark terminal.
    pub text: String,
    /// A PNG image.
    pub image: Blob,
}

/// Pixels per module of the image.
const MODULE_PIXELS: usize = 6;
/// The width of the quiet zone, in modules (ISO/IEC 18004).
const QUIET_MODULES: u8 = 4;
/// The largest image that is decoded, in pixels along an edge.
const MAX_EDGE_PIXELS: u32 = 2048;

/// Draws `value` as a QR code.
///
/// # Errors
/// If the value is too long for a QR code.
pub fn draw(value: &str) -> Result<Drawn, String> {
    let code = encode(value)?;
    Ok(Drawn {
        text: as_text(&code.to_colors(), code.width()),
        image: Blob {
            mime: "image/png".into(),
            base64: STANDARD.encode(png(&code)?),
        },
    })
}

/// Reads the first QR code in a PNG and draws its modules as text; `None` if there is
/// none.
pub fn redraw(png: &[u8]) -> Option<String> {
    let (width, height, pixels) = greyscale(png)?;
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels.get(y * width + x).copied().unwrap_or(u8::MAX)
    });
    let grids = picture.detect_grids();
    let modules = &grids.first()?.grid;
    let edge = modules.size();
    let colours: Vec<Color> = (0..edge * edge)
        .map(|at| match modules.bit(at / edge, at % edge) {
            true => Color::Dark,
            false => Color::Light,
        })
        .collect();
    Some(as_text(&colours, edge))
}

fn encode(value: &str) -> Result<QrCode, String> {
    QrCode::with_error_correction_level(value, qrcode::EcLevel::L)
        .map_err(|error| error.to_string())
}

fn as_text(colours: &[Color], edge: usize) -> String {
    // Dark modules are blank, so that the code is dark on light in a dark terminal.
    Renderer::<Dense1x2>::new(colours, edge, QUIET_MODULES.into())
        .dark_color(Dense1x2::Dark)
        .light_color(Dense1x2::Light)
        .build()
}

fn png(code: &QrCode) -> Result<Vec<u8>, String> {
    let modules = code.width();
    let edge = (modules + 2 * usize::from(QUIET_MODULES)) * MODULE_PIXELS;
    let colours = code.to_colors();
    let dark = |x: usize, y: usize| {
        let (column, row) = (
            (x / MODULE_PIXELS).checked_sub(QUIET_MODULES.into()),
            (y / MODULE_PIXELS).checked_sub(QUIET_MODULES.into()),
        );
        match (column, row) {
            (Some(column), Some(row)) if column < modules => {
                colours.get(row * modules + column) == Some(&Color::Dark)
            }
            _ => false,
        }
    };
    let pixels: Vec<u8> = (0..edge * edge)
        .map(|at| {
            if dark(at % edge, at / edge) {
                0
            } else {
                u8::MAX
            }
        })
        .collect();
    let side = u32::try_from(edge).map_err(|error| error.to_string())?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .map_err(|error| error.to_string())?;
    Ok(file)
}

fn greyscale(file: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > MAX_EDGE_PIXELS || height > MAX_EDGE_PIXELS {
        return None;
    }
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut pixels).ok()?;
    let samples = frame.color_type.samples();
    let grey = pixels
        .get(..frame.buffer_size())?
        .chunks_exact(samples)
        .map(|pixel| match pixel {
            // Transparent pixels count as white.
            [.., 0] if samples == 2 || samples == 4 => u8::MAX,
            [grey, ..] => *grey,
            [] => u8::MAX,
        })
        .collect();
    Some((width.try_into().ok()?, height.try_into().ok()?, grey))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_reads_back() {
        let drawn = draw("2@AbC,dEf,gHi,1").unwrap();
        let file = STANDARD.decode(&drawn.image.base64).unwrap();
        assert_eq!(redraw(&file), Some(drawn.text));
    }

    #[test]
    fn garbage_holds_no_code() {
        assert_eq!(redraw(b"not a picture"), None);
        assert_eq!(redraw(&[]), None);
    }

    #[test]
    fn a_code_has_bounds() {
        assert!(draw(&"x".repeat(5000)).is_err());
    }
}
