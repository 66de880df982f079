//! Searches that people keep.

use tenon_store::{SavedSearch, Store};

use super::fixtures::House;

fn search(owner: &str, name: &str, query: &str, shared: bool) -> SavedSearch {
    SavedSearch {
        id: 0,
        owner: owner.to_owned(),
        name: name.to_owned(),
        query: query.to_owned(),
        shared,
    }
}

async fn names(store: &dyn Store, owner: &str) -> Vec<String> {
    let found = store.saved_searches(owner).await.unwrap();
    found.into_iter().map(|search| search.name).collect()
}

pub(super) async fn a_search_is_its_owners_unless_it_is_shared(house: &House) {
    let store = &*house.store;
    let keep = async |kept: &SavedSearch| store.save_search(kept).await.unwrap();
    let keep_new = async |kept: &SavedSearch| {
        let (kept, before) = keep(kept).await;
        assert_eq!(before, None);
        kept
    };
    let own = keep_new(&search("li.wei", "invalid", "state=invalid", false)).await;
    keep_new(&search("chief", "of the CRM", "source=crm", true)).await;
    keep_new(&search("chief", "secret", "source=erp", false)).await;
    assert_eq!(names(store, "li.wei").await, ["invalid", "of the CRM"]);
    assert_eq!(names(store, "chief").await, ["of the CRM", "secret"]);
    // The same question is kept once, under its latest name.
    let (named, before) = keep(&search("li.wei", "what is wrong", "state=invalid", false)).await;
    assert_eq!(before, Some(own.clone()));
    assert_eq!((named.id, named.name.as_str()), (own.id, "what is wrong"));
    let named = Some(named);
    assert_eq!(store.saved_search(own.id).await.unwrap(), named);
    assert_eq!(store.forget_search(own.id).await.unwrap(), named);
    assert_eq!(store.forget_search(own.id).await.unwrap(), None);
    assert_eq!(store.saved_search(own.id).await.unwrap(), None);
    assert_eq!(names(store, "li.wei").await, ["of the CRM"]);
}
