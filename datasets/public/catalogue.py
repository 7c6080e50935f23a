"""What is public: where each data set comes from, under which licence, and how to cite it."""

from __future__ import annotations

from dataclasses import dataclass

from gliaboost.errors import UsageError

FIGSHARE_API = "https://api.figshare.com/v2"
ON_THE_PAGE = "stated on the page"


@dataclass(frozen=True)
class RemoteFile:
    """One file that a plain download brings.

    Parameters
    ----------
    name : str
        Its name on disk, without folders.
    url : str
        Where it lies.
    checksum : str, optional
        ``algorithm:digest`` as its publisher gives it; None where the publisher gives none.
    """

    name: str
    url: str
    checksum: str | None = None


@dataclass(frozen=True)
class PlainFiles:
    """Files with a fixed address."""

    files: tuple[RemoteFile, ...]


@dataclass(frozen=True)
class FigshareArticle:
    """An article of figshare, whose API lists its files with their MD5 at the time of the fetch."""

    number: int
    api: str = FIGSHARE_API


@dataclass(frozen=True)
class KaggleDataset:
    """A data set of Kaggle, which publishes no checksums.

    Parameters
    ----------
    slug : str
        Its name there.
    seen : str, optional
        SHA-256 of the files that our own numbers were measured on: second-hand, so that another
        is no fault, but another version.
    """

    slug: str
    seen: str | None = None


Origin = PlainFiles | FigshareArticle | KaggleDataset


@dataclass(frozen=True)
class PublicDataset:
    """A data set that anybody may download.

    Parameters
    ----------
    name : str
        What ``gliaboost fetch`` calls it.
    title : str
        What its publisher calls it.
    source : str
        The source that reads it (``gliaboost manifest SOURCE FOLDER``).
    page : str
        Where a person reads of it and downloads it by hand.
    licence : str
        Its licence. Where it could not be read from the publisher it says so: the page decides.
    citation : str
        Whom to cite.
    origin : PlainFiles, FigshareArticle or KaggleDataset
        Where its files come from.

    Examples
    --------
    >>> print(describe("figshare").text().splitlines()[0])
    figshare: brain tumor dataset (Jun Cheng)
    """

    name: str
    title: str
    source: str
    page: str
    licence: str
    citation: str
    origin: Origin

    def text(self) -> str:
        """Return title, page, licence and citation in a few lines, for people."""
        return "\n".join(
            [
                f"{self.name}: {self.title}",
                f"  page:     {self.page}",
                f"  licence:  {self.licence}",
                f"  citation: {self.citation}",
                f"  checked:  {self.checked()}",
            ]
        )

    def checked(self) -> str:
        """Say in a few words what a download is checked against."""
        if isinstance(self.origin, FigshareArticle):
            return "the publisher's MD5 of each file, asked for at the fetch"
        if isinstance(self.origin, PlainFiles) and all(f.checksum for f in self.origin.files):
            return "the publisher's checksum of each file"
        own = "what came the first time, as the publisher gives no checksum"
        seen = isinstance(self.origin, KaggleDataset) and self.origin.seen
        return f"{own}; and, second-hand, the files that we have measured" if seen else own


def _second_hand(licence: str) -> str:
    return f"{licence} according to works that use it; the page decides"


def _kaggle(
    name: str,
    slug: str,
    title: str,
    source: str,
    licence: str,
    citation: str,
    seen: str | None = None,
) -> PublicDataset:
    page = f"https://www.kaggle.com/datasets/{slug}"
    return PublicDataset(name, title, source, page, licence, citation, KaggleDataset(slug, seen))


CATALOGUE: dict[str, PublicDataset] = {
    d.name: d
    for d in (
        PublicDataset(
            "figshare",
            "brain tumor dataset (Jun Cheng)",
            "figshare",
            "https://figshare.com/articles/dataset/brain_tumor_dataset/1512427",
            "CC BY 4.0",
            "Cheng, Jun. brain tumor dataset. figshare. Dataset. "
            "https://doi.org/10.6084/m9.figshare.1512427. Described in: Cheng J. et al. (2015), "
            "Enhanced Performance of Brain Tumor Classification via Tumor Region Augmentation and "
            "Partition, PLoS ONE 10(10): e0140381, https://doi.org/10.1371/journal.pone.0140381",
            FigshareArticle(1512427),
        ),
        PublicDataset(
            "bangladesh",
            "Brain Cancer - MRI dataset",
            "bangladesh",
            "https://data.mendeley.com/datasets/mk56jw9rns/1",
            ON_THE_PAGE,
            "Rahman, Md Mizanur (2024), Brain Cancer - MRI dataset, Mendeley Data, V1, "
            "https://doi.org/10.17632/mk56jw9rns.1",
            PlainFiles(
                (
                    RemoteFile(
                        "mk56jw9rns-1.zip",
                        "https://data.mendeley.com/public-api/zip/mk56jw9rns/download/1",
                    ),
                )
            ),
        ),
        _kaggle(
            "sartaj",
            "sartajbhuvaji/brain-tumor-classification-mri",
            "Brain Tumor Classification (MRI)",
            "kaggle-mri",
            _second_hand("MIT"),
            "Bhuvaji S., Kadam A., Bhumkar P., Dedge S., Kanchan S. (2020), Brain Tumor "
            "Classification (MRI) [Data set], Kaggle, https://doi.org/10.34740/KAGGLE/DSV/1183165",
            seen="sha256:be7818ef3f228b39071a3222e7676ad7fa1f09a23a56797a815a800b3a7469e2",
        ),
        _kaggle(
            "nickparvar",
            "masoudnickparvar/brain-tumor-mri-dataset",
            "Brain Tumor MRI Dataset",
            "kaggle-mri",
            _second_hand("CC0 1.0"),
            "Nickparvar M. (2021), Brain Tumor MRI Dataset [Data set], Kaggle, "
            "https://doi.org/10.34740/KAGGLE/DSV/2645886",
        ),
        _kaggle(
            "ct-mri",
            "murtozalikhon/brain-tumor-multimodal-image-ct-and-mri",
            "Brain tumor multimodal image (CT & MRI)",
            "kaggle-ct-mri",
            _second_hand("CC BY-NC-SA 4.0"),
            "Murtoza Likhon (2024), Brain tumor multimodal image (CT & MRI) [Data set], Kaggle, "
            "https://www.kaggle.com/datasets/murtozalikhon/brain-tumor-multimodal-image-ct-and-mri",
        ),
        _kaggle(
            "br35h",
            "ahmedhamada0/brain-tumor-detection",
            "Br35H :: Brain Tumor Detection 2020",
            "br35h",
            ON_THE_PAGE,
            "Br35H :: Brain Tumor Detection 2020 [Data set], Kaggle, "
            "https://www.kaggle.com/datasets/ahmedhamada0/brain-tumor-detection",
        ),
        _kaggle(
            "lgg",
            "mateuszbuda/lgg-mri-segmentation",
            "Brain MRI segmentation (LGG Segmentation Dataset)",
            "lgg",
            ON_THE_PAGE,
            "Buda M., Saha A., Mazurowski M. A. (2019), Association of genomic subtypes of "
            "lower-grade gliomas with shape features automatically extracted by a deep learning "
            "algorithm, Computers in Biology and Medicine 109, "
            "https://doi.org/10.1016/j.compbiomed.2019.05.002",
        ),
    )
}


def describe(name: str) -> PublicDataset:
    """Return what is known of a public data set.

    Parameters
    ----------
    name : str
        Its name in the catalogue.

    Returns
    -------
    PublicDataset
        With title, source, page, licence and citation; ``text()`` has them for people.

    Raises
    ------
    UsageError
        If there is none of that name.

    Examples
    --------
    >>> describe("lgg").source
    'lgg'
    """
    if name not in CATALOGUE:
        raise UsageError(
            f"no public data set {name!r}; those known are: {', '.join(sorted(CATALOGUE))}. "
            "Any other can be downloaded by hand and read with: gliaboost manifest SOURCE FOLDER"
        )
    return CATALOGUE[name]
