/** Word lists for generated titles and tags. */
export const ADJECTIVES =
  "Silent Crimson Hidden Broken Golden Last Midnight Burning Frozen Electric Forgotten Wild Secret Hollow Distant Velvet Restless Gentle Savage Lonely Endless Pale Iron Paper Quiet Sudden Blind Hungry Perfect Stolen".split(
    " ",
  );
export const NOUNS =
  "River Garden Empire Stranger Station Summer Mirror Harbor Letter Orchard Signal Kingdom Window Shadow Carnival Island Engine Witness Horizon Circle Bridge Winter Castle Dancer Memory Planet Detective Storm Voyage Daughter".split(
    " ",
  );
export const PLACES =
  "Berlin,Kyoto,the Moon,São Paulo,Kraków,Paris,Texas,Reykjavík,Lagos,Montréal,the Deep,Venice,Bombay,Málaga,Nowhere".split(
    ",",
  );
export const FOREIGN_TITLES = [
  "La Belle Époque",
  "Das Mädchen",
  "Éternité",
  "千の夜",
  "Señorita Ñandú",
  "Зеркало",
  "Blå Ögon",
];
export const COMMON_TAGS =
  "atmospheric,thought-provoking,twist ending,visually appealing,dark comedy,based on a book,cult film,surreal,funny,quirky,boring,overrated,great soundtrack,nonlinear,dystopia,female lead,small town,true story,slow,classic".split(
    ",",
  );
export const ODD_TAGS = [
  "so bad, it's good",
  '"must see"',
  "animé",
  "日本映画",
  "Oscar (Best Picture)",
  "in Netflix queue",
  "70mm; restored",
];

/** MovieLens' genres, with the share of ML-25M's films that carry each. */
export const GENRES: readonly (readonly [name: string, share: number])[] = [
  ["Drama", 0.41],
  ["Comedy", 0.27],
  ["Thriller", 0.14],
  ["Romance", 0.12],
  ["Action", 0.12],
  ["Horror", 0.1],
  ["Documentary", 0.09],
  ["Crime", 0.09],
  ["Adventure", 0.07],
  ["Sci-Fi", 0.06],
  ["Children", 0.05],
  ["Animation", 0.05],
  ["Mystery", 0.05],
  ["Fantasy", 0.04],
  ["War", 0.03],
  ["Western", 0.03],
  ["Musical", 0.02],
  ["Film-Noir", 0.01],
  ["IMAX", 0.01],
];
export const NO_GENRES = "(no genres listed)";
