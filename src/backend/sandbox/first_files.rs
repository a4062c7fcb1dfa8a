//! The content of the sandbox's first files, made when it is asked for.

/// The edge of a picture, in pixels.
const EDGE: u32 = 32;

pub(super) fn cake() -> Vec<u8> {
    picture([222, 184, 135], [139, 69, 19])
}

pub(super) fn family() -> Vec<u8> {
    picture([70, 130, 180], [255, 255, 255])
}

pub(super) fn mum() -> Vec<u8> {
    picture([255, 182, 193], [178, 34, 34])
}

/// A round in one colour on another, as a PNG; nothing where that cannot be drawn.
fn picture(around: [u8; 3], round: [u8; 3]) -> Vec<u8> {
    let centre = EDGE / 2;
    let inside = |x: u32, y: u32| x.abs_diff(centre).pow(2) + y.abs_diff(centre).pow(2) < 120;
    let pixels: Vec<u8> = (0..EDGE * EDGE)
        .flat_map(|at| {
            if inside(at % EDGE, at / EDGE) {
                round
            } else {
                around
            }
        })
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, EDGE, EDGE);
    encoder.set_color(png::ColorType::Rgb);
    let drawn = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels));
    drawn.map(|()| file).unwrap_or_default()
}

/// A quarter of a second of a low tone, as WAVE.
pub(super) fn voice() -> Vec<u8> {
    const RATE: u32 = 8000;
    const SAMPLES: u32 = RATE / 4;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + SAMPLES).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // Plain samples, one channel of eight bits.
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend([1, 0, 8, 0]);
    file.extend(b"data");
    file.extend(SAMPLES.to_le_bytes());
    file.extend((0..SAMPLES).map(|at| if at % 40 < 20 { 112_u8 } else { 144 }));
    file
}

/// A page with one line, as PDF.
pub(super) fn chapter() -> Vec<u8> {
    let words = "BT /F1 18 Tf 20 100 Td (Chapter four) Tj ET";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R\
         /Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
            .to_owned(),
        format!("<</Length {}>>stream\n{words}\nendstream", words.len()),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (count, start) = (objects.len() + 1, file.len());
    file += &format!(
        "xref\n0 {count}\n{table}trailer<</Size {count}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

/// More text than an answer holds.
pub(super) fn letters() -> Vec<u8> {
    "The deposit has not come back yet. Kind regards.\n"
        .repeat(6000)
        .into_bytes()
}
