package main

import (
	"fmt"

	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	categoryName = "govc's category"
	tagName      = "govc's tag"
)

// labels makes the calls of govc's commands for tags, on a library, a library item and a datastore.
func (u *user) labels() {
	manager := tags.NewManager(u.rest)
	library := types.ManagedObjectReference{Type: "com.vmware.content.Library", Value: u.made.ID}
	item := types.ManagedObjectReference{Type: "com.vmware.content.library.Item", Value: u.items["image"]}
	refs := []mo.Reference{library, u.store.Reference(), item}
	category, tag, other := "", "", ""
	steps := []step{
		{"tags.category.create", func() (data interface{}, err error) {
			category, err = manager.CreateCategory(ctx, &tags.Category{Name: categoryName, Cardinality: "SINGLE"})
			return category, err
		}},
		{"tags.category.create again", func() (interface{}, error) {
			return manager.CreateCategory(ctx, &tags.Category{Name: categoryName, Cardinality: "SINGLE"})
		}},
		{"tags.category.ls", func() (interface{}, error) { return manager.GetCategories(ctx) }},
		{"tags.category.info", func() (interface{}, error) { return manager.GetCategory(ctx, categoryName) }},
		{"tags.category.info of nothing", func() (interface{}, error) { return manager.GetCategory(ctx, "nothing") }},
		{"tags.create", func() (data interface{}, err error) {
			tag, err = manager.CreateTag(ctx, &tags.Tag{Name: tagName, CategoryID: categoryName})
			return tag, err
		}},
		{"tags.create of another one", func() (data interface{}, err error) {
			other, err = manager.CreateTag(ctx, &tags.Tag{Name: "other", Description: "another one", CategoryID: category})
			return other, err
		}},
		{"tags.ls -c", func() (interface{}, error) { return names(manager.GetTagsForCategory(ctx, categoryName)) }},
		{"tags.info -c", func() (interface{}, error) { return manager.GetTagForCategory(ctx, tagName, categoryName) }},
		{"tags.update", func() (interface{}, error) {
			return nil, manager.UpdateTag(ctx, &tags.Tag{ID: tag, Name: tagName, Description: "new"})
		}},
		{"tags.attach", func() (interface{}, error) { return nil, manager.AttachTag(ctx, tagName, library) }},
		{"tags.attach of a second one", func() (interface{}, error) { return nil, manager.AttachTag(ctx, other, library) }},
		{"tags.attach to many", func() (interface{}, error) { return nil, manager.AttachTagToMultipleObjects(ctx, tag, refs) }},
		{"tags.attach of many", func() (interface{}, error) {
			return nil, manager.AttachMultipleTagsToObject(ctx, []string{tag, other}, library)
		}},
		{"tags.attached.ls", func() (interface{}, error) {
			found, err := manager.ListAttachedObjects(ctx, tagName)
			return len(found), err
		}},
		{"tags.attached.ls -r", func() (interface{}, error) { return names(manager.GetAttachedTags(ctx, library)) }},
		{"tags.attached.ls of many", func() (interface{}, error) { return attached(manager, refs) }},
		{"tags.attached.ls of tags", func() (interface{}, error) {
			found, err := manager.GetAttachedObjectsOnTags(ctx, []string{tag})
			if err != nil {
				return nil, err
			}
			return m{"tag": found[0].Tag.Name, "objects": len(found[0].ObjectIDs)}, nil
		}},
		{"tags.detach", func() (interface{}, error) { return nil, manager.DetachTag(ctx, tagName, library) }},
		{"tags.detach of many", func() (interface{}, error) {
			return nil, manager.DetachMultipleTagsFromObject(ctx, []string{tag, other}, u.store.Reference())
		}},
		{"tags.category.update", func() (interface{}, error) {
			return nil, manager.UpdateCategory(ctx, &tags.Category{ID: category, Description: "new", Cardinality: "MULTIPLE"})
		}},
		{"tags.rm", func() (interface{}, error) { return nil, manager.DeleteTag(ctx, &tags.Tag{ID: other}) }},
		{"tags.category.rm", func() (interface{}, error) {
			return nil, manager.DeleteCategory(ctx, &tags.Category{ID: category})
		}},
		{"tags.ls", func() (interface{}, error) { return names(manager.GetTags(ctx)) }},
	}
	for _, each := range steps {
		u.step(each.name, each.run)
	}
}

// names are those of tags.
func names(found []tags.Tag, err error) ([]string, error) {
	all := []string{}
	for _, each := range found {
		all = append(all, each.Name)
	}
	return all, err
}

// attached says of each object how many tags it has.
func attached(manager *tags.Manager, refs []mo.Reference) (interface{}, error) {
	found, err := manager.GetAttachedTagsOnObjects(ctx, refs)
	if err != nil {
		return nil, err
	}
	counts := m{}
	for _, each := range found {
		counts[fmt.Sprint(each.ObjectID.Reference().Type)] = len(each.Tags)
	}
	return counts, nil
}
