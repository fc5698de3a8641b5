"""Files of the lab's runs, which the page of reports links to: `/lab/RUN/...`."""

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from mayabook.studio.report_view import lab_file
from mayabook.studio.services import Services


def lab_routes(services: Services) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/lab/{path:path}")
    def lab(path: str) -> FileResponse:
        file = lab_file(services.library.folder, path)
        if file is None:
            raise HTTPException(404, "There is no such file in the folder lab of the library.")
        return FileResponse(file)

    return routes
